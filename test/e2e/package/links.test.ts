import { readFileSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { packageFolder, runProgram } from '../../support/run-program';

/** A document without its code, in which brackets are no links. */
const prose = (path: string): string =>
  readFileSync(resolve(packageFolder, path), 'utf8')
    .replaceAll(/^( *)```[^]*?^\1```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => 'x'.repeat(code.length));

/** What the links of a document name, but for other sites. */
function linksOf(path: string): string[] {
  const text = prose(path);
  const inline = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to!);
  const named = [...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)].map(([, to]) => to!);
  return [...inline, ...named].filter((to) => !/^[a-z]+:/.test(to));
}

/** The anchors of a document's headings, as GitHub and npm make them. */
function anchorsOf(path: string): string[] {
  const text = readFileSync(resolve(packageFolder, path), 'utf8').replaceAll(/^( *)```[^]*?^\1```$/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Guards that whoever reads the documents where npm has put them finds what they link to. */
describe('the links of the packed documents', () => {
  it('lead to files and headings that are in the package', async () => {
    const { stdout } = await runProgram('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']);
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const packed = files.map(({ path }) => path);
    const documents = packed.filter((path) => path.endsWith('.md'));
    expect(documents.length).toBeGreaterThan(10);

    const links = documents.flatMap((from) => linksOf(from).map((to) => ({ from, to })));
    expect(links.length).toBeGreaterThan(100);
    const dead = links.filter(({ from, to }) => {
      const [file = '', anchor] = to.split('#');
      const target = file === '' ? from : posix.normalize(posix.join(posix.dirname(from), file));
      const isThere = packed.some(
        (path) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`),
      );
      return !isThere || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    });
    expect(dead).toEqual([]);
  });
});
