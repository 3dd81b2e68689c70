/** A fault of the user's machine: what is wrong, the consequence, the fix. Shown without a stack. */
export class Fault extends Error {
  constructor(message, consequence, fix) {
    super(message);
    this.consequence = consequence;
    this.fix = fix;
  }
}

/** Prints a line of progress on stderr, so that stdout holds only a program's own output. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs a script's main function. Its result is the exit code; a Fault is printed in three lines. */
export async function runScript(main) {
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(`error: ${error.message}\n  ${error.consequence}\n  fix: ${error.fix}`);
    process.exitCode = 1;
  }
}
