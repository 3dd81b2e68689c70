import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

/** The folders that both wings may import. */
const ground = ['arguments', 'config', 'driver', 'errors', 'tracing'];

/** The wing of a room: `engine`, `ground` or `product`. */
export function wingOf(room) {
  if (room.startsWith('engine')) return 'engine';
  return ground.includes(room) ? 'ground' : 'product';
}

/** The room of a file: its first folder, in the engine its first two; `.` for a file outside of the rooms. */
function roomOf(path) {
  const folders = path.split('/').slice(0, -1);
  return folders.slice(0, folders[0] === 'engine' ? 2 : 1).join('/') || '.';
}

/** What a file imports, for its types or at run time: a path inside `root`, else the package's name. */
function importsOf(root, path, text) {
  const names = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return names.map((name) => {
    if (!name.startsWith('.')) return name;
    const target = join(root, dirname(path), name);
    const found = [`${target}.ts`, join(target, 'index.ts'), target].find((file) => existsSync(file));
    return relative(root, found ?? target);
  });
}

/** Every TypeScript file below `root`: its path, room, number of lines, and imports. */
export function readHouse(root) {
  return readdirSync(root, { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const lines = text.split('\n').length - 1;
      return { path, room: roomOf(path), lines, imports: importsOf(root, path, text) };
    });
}

/** The circles of imports: each a list of files that all reach one another (Tarjan's algorithm). */
export function circlesIn(files) {
  const importsOfPath = new Map(files.map(({ path, imports }) => [path, imports]));
  const [order, lowest, stack, circles] = [new Map(), new Map(), [], []];

  function visit(path) {
    order.set(path, order.size);
    lowest.set(path, order.get(path));
    stack.push(path);
    for (const next of importsOfPath.get(path)) {
      if (!importsOfPath.has(next)) continue;
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(path, Math.min(lowest.get(path), lowest.get(next)));
    }
    if (lowest.get(path) !== order.get(path)) return;
    const circle = stack.splice(stack.indexOf(path));
    if (circle.length > 1) circles.push(circle.sort());
  }

  for (const { path } of files) if (!order.has(path)) visit(path);
  return circles;
}
