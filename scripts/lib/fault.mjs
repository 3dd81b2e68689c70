/** A fault of the user's machine: what is wrong, what that means, what to type. Shown without a stack. */
export class Fault extends Error {
  constructor(message, consequence, fix) {
    super(message);
    this.consequence = consequence;
    this.fix = fix;
  }
}

/** One line for one thing done; on stderr, so that a program's own output stays clean. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs a script's main function; its result is the exit code, a Fault is told in three lines. */
export async function runScript(main) {
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(`error: ${error.message}\n  ${error.consequence}\n  fix: ${error.fix}`);
    process.exitCode = 1;
  }
}
