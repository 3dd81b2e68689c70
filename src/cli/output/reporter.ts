import type { ErrorReport } from '../../errors';
import type { ProgressEvent } from '../../engine/migrate/results';
import { styleFor, tamed, visible, withoutMarks, type OutputStream, type Style } from './style';
import { fitText, widthFor, wrap } from './wrap';

/** A command of this program in a text; not its name alone, nor its name with a version. */
const ownCommand = /(?<![\w/@-])protection-flows (?=[a-z-])/g;
const npx = 'npx ';

/** JSON has no bigint, which rows of the server may hold: it becomes a text. */
function plain(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/**
 * Prints everything that a command prints. stdout: the result, as text or as one JSON document. stderr: errors as text,
 * progress and notes. Characters that a terminal, or GitHub's runner in its jobs, would obey are made visible.
 */
export class Reporter {
  readonly json: boolean;
  /** Colours for stdout. */
  readonly style: Style;
  private readonly errorStyle: Style;
  private readonly display: ProgressDisplay;
  /** The width of lines on stderr; a log has no limit. */
  private readonly noteWidth: number;
  /** A program started by npm is not on the PATH: its commands are printed with npx. */
  private readonly isByNpm: boolean;
  private readonly stdout: OutputStream;
  private readonly stderr: OutputStream;

  constructor(
    stdout: OutputStream,
    private readonly runner: OutputStream,
    { json, color, env }: { json: boolean; color: boolean; env: NodeJS.ProcessEnv },
  ) {
    this.json = json;
    [this.stdout, this.stderr] =
      env.GITHUB_ACTIONS === 'true' ? [tamed(stdout), tamed(runner)] : [stdout, runner];
    this.style = styleFor(stdout, env, color);
    this.errorStyle = styleFor(runner, env, color);
    this.isByNpm = env.npm_command !== undefined;
    const room = columnsOf(stdout, env);
    fitText(room === undefined || !this.isByNpm ? room : room - npx.length);
    const columns = columnsOf(runner, env);
    this.noteWidth = columns === undefined ? Infinity : widthFor(columns);
    this.display = new ProgressDisplay(this.stderr, this.errorStyle);
  }

  /** Writes this program's commands in a text as the user has to type them: with npx if npm started it. */
  asTyped(text: string): string {
    return this.isByNpm ? text.replaceAll(ownCommand, `${npx}$&`) : text;
  }

  /** Prints the result, as JSON or as the lines that `text` makes. Called at most once in a run. */
  result(value: object, text: (style: Style) => readonly string[]): void {
    this.display.clear();
    if (this.json) this.document(value);
    else this.lines(text(this.style));
  }

  /** Prints lines of text before the result; nothing with --json. */
  lines(lines: readonly string[]): void {
    if (this.json || lines.length === 0) return;
    this.display.clear();
    this.stdout.write(visible(`${lines.join('\n')}\n`));
  }

  /** Prints an error: three lines on stderr, or with --json the JSON document on stdout, if that can be written. */
  error(report: ErrorReport): void {
    this.display.clear();
    if (this.json && this.stdout.writable !== false) {
      this.document({ error: report });
      return;
    }
    const { red, bold } = this.errorStyle;
    this.note(this.asTyped(`${report.code}: ${oneLine(shortened(report))}`), (code) => red(bold(code)));
    this.note(oneLine(report.consequence));
    this.note(this.asTyped(`Fix: ${oneLine(report.remedy)}`));
  }

  /** Prints a warning on stderr, with --json too: its code, if it has one, and its sentence. */
  warning({ code, message }: { readonly code?: string; readonly message: string }): void {
    this.note(`${code ?? 'Warning'}: ${oneLine(message)}`, (word) => this.errorStyle.yellow(word));
  }

  /** Prints a line on stderr, with --json too; wrapped on a terminal. `mark` colours its first word, a code. */
  note(line: string, mark: (word: string) => string = (word) => word): void {
    const [first = '', ...others] = line.length <= this.noteWidth ? [line] : wrap(line, this.noteWidth);
    const marked = first.replace(/^\w+(?=:)/, mark);
    this.trace([marked, ...others].join('\n'));
  }

  /** Prints an executed statement on stderr, with --json too. */
  statement(sql: string, ms: number): void {
    this.trace(`${this.errorStyle.dim(`${ms.toFixed(1).padStart(7)} ms`)}  ${oneLine(sql)}`);
  }

  /** Prints text on stderr unwrapped, such as a stack trace. */
  trace(text: string, to = this.stderr): void {
    this.display.clear();
    to.write(visible(`${text}\n`));
  }

  /** Prints a line on stderr that GitHub's runner obeys. */
  command(line: string): void {
    this.trace(line, this.runner);
  }

  /** Shows the step that begins now; a ProgressListener. */
  readonly progress = (event: ProgressEvent): void => this.display.show(event);

  /** Takes the progress display off the terminal. */
  end(): void {
    this.display.clear();
  }

  private document(value: object): void {
    this.stdout.write(withoutMarks(`${JSON.stringify(value, plain, 2)}\n`));
  }
}

/** The columns of a terminal, or those that COLUMNS gives; undefined for a file or a pipe. */
function columnsOf({ isTTY, columns }: OutputStream, { COLUMNS }: NodeJS.ProcessEnv): number | undefined {
  // A pseudo-terminal without a size says 0
  if (isTTY === true && columns) return columns;
  return /^[1-9]\d*$/.test(COLUMNS ?? '') ? Number(COLUMNS) : undefined;
}

/** How many differences the line of an error lists; the others are only counted. */
const differencesShown = 3;

/** The message with its list of differences cut short; `details` has them all. */
function shortened({ message, details }: ErrorReport): string {
  const count = Array.isArray(details.differences) ? details.differences.length : 0;
  const parts = message.split('; ');
  if (count <= differencesShown || parts.length !== count) return message;
  const more = count - differencesShown;
  return `${parts.slice(0, differencesShown).join('; ')}; and ${more} more: protection-flows adopt`;
}

/** Joins a text into one line: an error has three lines, and SQL means the same without line breaks. */
function oneLine(text: string): string {
  return text.replaceAll(/\s*\r?\n\s*/g, ' ').trim();
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
const eraseLine = '\r\x1b[K';
const secondsShownFrom = 2;

/**
 * Shows the current step. On a terminal: one line that rewrites itself, with the seconds that the step has taken.
 * Elsewhere: one plain line for each step.
 */
export class ProgressDisplay {
  private timer: NodeJS.Timeout | null = null;
  private step = '';
  private startedAtMs = 0;
  private frame = 0;

  constructor(
    private readonly stream: OutputStream,
    private readonly style: Style,
    private readonly nowMs: () => number = Date.now,
  ) {}

  show(event: ProgressEvent): void {
    this.step = withoutMarks(event.step.replaceAll(/\s+/g, ' '));
    if (this.stream.isTTY !== true) {
      this.stream.write(`… ${this.step}\n`);
      return;
    }
    this.startedAtMs = this.nowMs();
    this.draw();
    this.timer ??= setInterval(() => this.draw(), frameMs).unref();
  }

  /** Removes the line; the next step shows it again. */
  clear(): void {
    if (this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
    this.stream.write(eraseLine);
  }

  private draw(): void {
    const seconds = Math.floor((this.nowMs() - this.startedAtMs) / 1000);
    const suffix = seconds >= secondsShownFrom ? ` ${seconds} s` : '';
    // A pseudo-terminal without a size says 0.
    const room = (this.stream.columns || 80) - 3 - suffix.length;
    const step = this.step.length > room ? `${this.step.slice(0, Math.max(0, room - 1))}…` : this.step;
    const frame = frames[this.frame++ % frames.length] ?? '';
    this.stream.write(`${eraseLine}${this.style.cyan(frame)} ${step}${this.style.dim(suffix)}`);
  }
}
