import { circlesIn, readHouse, wingOf } from './lib/house.mjs';
import { runScript } from './lib/fault.mjs';
import { inProject } from './lib/project.mjs';

/** The largest sizes wanted for src, a room of the engine and a file. */
const goals = { lines: 22_500, files: 250, linesOfEngineRoom: 2_000, linesOfFile: 300 };

const linesOf = (files) => files.reduce((sum, { lines }) => sum + lines, 0);
const isInEngine = (path) => path.startsWith('engine/');
const print = (name, ...numbers) =>
  console.log(name.padEnd(24) + numbers.map((number) => String(number).padStart(8)).join(''));

/** The files of each room, by its name, the largest room first. */
function roomsOf(files) {
  const rooms = new Map();
  for (const file of files) rooms.set(file.room, [...(rooms.get(file.room) ?? []), file]);
  return [...rooms].sort(([, one], [, other]) => linesOf(other) - linesOf(one));
}

/** The imports of those files that `isMeant` accepts, as `file → imported`. */
const importsWhere = (files, isMeant) =>
  files.flatMap(({ path, imports }) => imports.filter(isMeant).map((target) => `${path} → ${target}`));

/** Prints the sizes of the rooms, and returns those that exceed a goal. */
function measureRooms(files) {
  const missed = [];
  print('Room', 'lines', 'files');
  const rooms = roomsOf(files);
  for (const [room, some] of rooms) {
    print(room, linesOf(some), some.length);
    if (isInEngine(`${room}/`) && linesOf(some) > goals.linesOfEngineRoom)
      missed.push(
        `${room} has ${linesOf(some)} lines; a room of the engine may have ${goals.linesOfEngineRoom}`,
      );
  }
  print('all', linesOf(files), files.length);
  console.log(`The largest room is ${rooms[0]?.[0]}.\n`);
  if (linesOf(files) > goals.lines) missed.push(`${linesOf(files)} lines; at most ${goals.lines} are wanted`);
  if (files.length > goals.files) missed.push(`${files.length} files; at most ${goals.files} are wanted`);
  for (const { path, lines } of files)
    if (lines > goals.linesOfFile)
      missed.push(`${path} has ${lines} lines; a file may have ${goals.linesOfFile}`);
  return missed;
}

/** Prints how often each room outside the engine imports it, and returns the engine's forbidden imports. */
function measureWings(files) {
  const engine = files.filter(({ path }) => isInEngine(path));
  const inProduct = new Set(files.filter(({ room }) => wingOf(room) === 'product').map(({ path }) => path));
  const toProduct = importsWhere(engine, (path) => inProduct.has(path));
  const toTypeorm = importsWhere(engine, (path) => /^typeorm(\/|$)/.test(path) && !inProduct.has(path));
  print('Imports', 'number');
  print('engine → product', toProduct.length);
  print('engine → typeorm', toTypeorm.length);
  for (const [room, some] of roomsOf(files)) {
    const count = importsWhere(some, isInEngine).length;
    if (wingOf(room) !== 'engine' && count > 0) print(`${room} → engine`, count);
  }
  console.log();
  return [...toProduct, ...toTypeorm].map(
    (text) => `the engine may import neither the product nor TypeORM: ${text}`,
  );
}

/** The circles of imports, except between entities: TypeORM's relations name each other both ways. */
function measureCircles(files) {
  const circles = circlesIn(files).filter((paths) => !paths.every((path) => path.startsWith('entities/')));
  return circles.map((paths) => `${paths.length} files import each other in a circle: ${paths.join(', ')}`);
}

/** Prints the rooms of src, or of the given folder, and fails if a goal is missed. */
await runScript(([folder = inProject('src')]) => {
  const files = readHouse(folder);
  const missed = [...measureRooms(files), ...measureWings(files), ...measureCircles(files)];
  console.log([...missed.map((text) => `MISSED: ${text}`), `${missed.length} goals missed`].join('\n'));
  return missed.length === 0 ? 0 : 1;
});
