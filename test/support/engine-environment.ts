import { relative } from 'node:path';
import { TestEnvironment } from 'jest-environment-node';
import { differencesOf } from './engine-differences';
import { packageFolder } from './run-program';
import { wantedServer } from './test-installation';

/** The parts of jest-circus's tree of a file that are used here. */
interface Test {
  readonly type: 'test';
  readonly name: string;
  mode?: 'skip' | 'only' | 'todo' | null;
}
interface Block {
  readonly type: 'describeBlock';
  readonly name: string;
  readonly children: readonly (Block | Test)[];
}

function* testsBelow(block: Block, names: readonly string[]): Generator<[string, Test]> {
  for (const child of block.children) {
    const path = [...names, child.name];
    if (child.type === 'test') yield [path.join(' '), child];
    else yield* testsBelow(child, path);
  }
}

/** Node's environment, but it skips the tests of `engine-differences.ts`, and prints the reasons. */
export default class EngineEnvironment extends TestEnvironment {
  private readonly file: string;

  constructor(...parameters: ConstructorParameters<typeof TestEnvironment>) {
    super(...parameters);
    this.file = relative(packageFolder, parameters[1].testPath);
  }

  /** Called by jest-circus. At `run_start` all tests of the file are known, and no hook has run. */
  handleTestEvent(event: { name: string }, state: { rootDescribeBlock: Block }): void {
    if (event.name === 'run_start') this.skipWhatCannotHold(state.rootDescribeBlock);
  }

  private skipWhatCannotHold(root: Block): void {
    const tests = [...testsBelow(root, [])];
    for (const { engine, tests: pattern = /^/, reason } of differencesOf(this.file, wantedServer())) {
      const matching = tests.filter(([name]) => pattern.test(name));
      if (matching.length === 0) {
        throw new Error(`engine-differences.ts: no test of ${this.file} matches ${String(pattern)}`);
      }
      for (const [name, test] of matching) {
        test.mode = 'skip';
        process.stderr.write(`skipped on ${engine}: ${this.file}: ${name}: ${reason}\n`);
      }
    }
  }
}
