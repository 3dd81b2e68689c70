import { existsSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { parse } from 'yaml';
import { blocksIn, documents, folder, type CodeBlock } from './code-blocks';
import { commandsIn, faultOfArguments, faultOfCommand } from './commands';
import { faultsOf } from './compile-blocks';
import { anchorsOf, linksOf, proseOf } from './links';

/** The place and fault of each wrong item; none for the right ones. */
async function faultsIn<Thing>(
  things: readonly Thing[],
  faultOf: (thing: Thing) => string | null | Promise<string | null>,
  placeOf: (thing: Thing) => string,
): Promise<string[]> {
  const faults: string[] = [];
  for (const thing of things) {
    const fault = await faultOf(thing);
    if (fault !== null) faults.push(`${placeOf(thing)}: ${fault}`);
  }
  return faults;
}

// Without these, a document could contain code that does not compile, an unknown command, or a dead link.
describe('the documents', () => {
  it('contain TypeScript and JavaScript that compile', () => {
    const blocks = blocksIn('ts', 'js');
    expect(blocks.length).toBeGreaterThan(50);
    expect(faultsOf(blocks)).toEqual([]);
  });

  it('contain only existing shell commands, with options that these accept', async () => {
    const commands = blocksIn('sh').flatMap(({ place, code }) =>
      commandsIn(code).map((command) => ({ place, command })),
    );
    expect(commands.length).toBeGreaterThan(60);
    const faults = await faultsIn(
      commands,
      ({ command }) => faultOfCommand(command),
      ({ place, command }) => `${place} ${command}`,
    );
    expect(faults).toEqual([]);
  });

  it('name in their sentences only existing commands, with options that these accept', async () => {
    const commands = documents.flatMap((path) =>
      [...proseOf(path).matchAll(/`(?:npx )?protection-flows ([a-z][^`<[|…]*)`/g)].map(([, text = '']) => ({
        path,
        args: text.split(/\s+/),
      })),
    );
    expect(commands.length).toBeGreaterThan(50);
    const faults = await faultsIn(
      commands,
      ({ args }) => faultOfArguments(args),
      ({ path, args }) => `${path}: ${args.join(' ')}`,
    );
    expect(faults).toEqual([]);
  });

  it('contain valid JSON and YAML', async () => {
    const blocks = blocksIn('json', 'yaml');
    expect(blocks.length).toBeGreaterThan(10);
    const faultOf = ({ code, language }: CodeBlock): string | null => {
      try {
        const read: unknown = language === 'json' ? JSON.parse(code) : parse(code);
        return read instanceof Object ? null : 'holds nothing';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await faultsIn(blocks, faultOf, ({ place }) => place)).toEqual([]);
  });

  it('link to existing files and headings, and to well-formed addresses', async () => {
    const links = documents.flatMap((from) => linksOf(from).map((to) => ({ from, to })));
    expect(links.length).toBeGreaterThan(200);
    const faultOf = ({ from, to }: { from: string; to: string }): string | null => {
      if (/^[a-z]+:/.test(to)) return /^https:\/\/[\w.-]+\.\w+(\/\S*)?$/.test(to) ? null : 'no address';
      const [file = '', anchor] = to.split('#');
      const target = file === '' ? from : posix.normalize(posix.join(posix.dirname(from), file));
      if (!existsSync(resolve(folder, target))) return 'no such file';
      return anchor === undefined || anchorsOf(target).includes(anchor) ? null : 'no such heading';
    };
    expect(await faultsIn(links, faultOf, ({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });
});
