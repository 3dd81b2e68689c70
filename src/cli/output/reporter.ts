import type { ErrorReport } from '../../errors';
import type { ProgressEvent } from '../../engine/migrate/results';
import { styleFor, tamed, visible, withoutMarks, type OutputStream, type Style } from './style';
import { fitText, widthFor, wrap } from './wrap';

/** A command of this program in a text; its version and its name alone are none. */
const ownCommand = /(?<![\w/@-])protection-flows (?=[a-z-])/g;
const npx = 'npx ';

/** Rows with big numbers come from the server as they are; JSON has no word for them. */
function plain(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/**
 * Everything that a command prints goes through here. stdout: the result, as text or as the one JSON document.
 * stderr: errors as text, progress and notes.
 * What a terminal, or the runner of GitHub in its jobs, would obey is shown instead.
 */
export class Reporter {
  readonly json: boolean;
  /** Colours for stdout. */
  readonly style: Style;
  private readonly errorStyle: Style;
  private readonly display: ProgressDisplay;
  /** How wide lines on stderr may be; a log has them whole. */
  private readonly noteWidth: number;
  /** What npm runs is on nobody's PATH: commands are shown as they are typed there. */
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

  /** A text for people with this program's commands as they are typed where it was started. */
  asTyped(text: string): string {
    return this.isByNpm ? text.replaceAll(ownCommand, `${npx}$&`) : text;
  }

  /** Prints the result: as JSON, or the lines that `text` makes of it. At most once in a run. */
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

  /** Prints an error: three lines on stderr, or the one JSON document on stdout, where that can be written. */
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

  /** Tells of a warning, whatever the form of the result: its code, where it has one, and its sentence. */
  warning({ code, message }: { readonly code?: string; readonly message: string }): void {
    this.note(`${code ?? 'Warning'}: ${oneLine(message)}`, (word) => this.errorStyle.yellow(word));
  }

  /** A line on stderr, whatever the form of the result; wrapped on a terminal. `mark` is for its first word, a code. */
  note(line: string, mark: (word: string) => string = (word) => word): void {
    const [first = '', ...others] = line.length <= this.noteWidth ? [line] : wrap(line, this.noteWidth);
    const marked = first.replace(/^\w+(?=:)/, mark);
    this.trace([marked, ...others].join('\n'));
  }

  /** Tells of a statement that was executed, whatever the form of the result. */
  statement(sql: string, ms: number): void {
    this.trace(`${this.errorStyle.dim(`${ms.toFixed(1).padStart(7)} ms`)}  ${oneLine(sql)}`);
  }

  /** Text on stderr as it is, such as a stack trace. */
  trace(text: string, to = this.stderr): void {
    this.display.clear();
    to.write(visible(`${text}\n`));
  }

  /** A line on stderr that the job's runner obeys. */
  command(line: string): void {
    this.trace(line, this.runner);
  }

  /** Shows the step that is about to run; a ProgressListener. */
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

/** More differences than these are only counted in an error's line. */
const differencesShown = 3;

/** The message, its list of differences cut short; `details` has them all. */
function shortened({ message, details }: ErrorReport): string {
  const count = Array.isArray(details.differences) ? details.differences.length : 0;
  const parts = message.split('; ');
  if (count <= differencesShown || parts.length !== count) return message;
  const more = count - differencesShown;
  return `${parts.slice(0, differencesShown).join('; ')}; and ${more} more: protection-flows adopt`;
}

/** An error is three lines; SQL stays SQL without its line breaks. */
function oneLine(text: string): string {
  return text.replaceAll(/\s*\r?\n\s*/g, ' ').trim();
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
const eraseLine = '\r\x1b[K';
const secondsShownFrom = 2;

/**
 * Shows what is under way: on a terminal one line that rewrites itself, with the seconds that the step has taken;
 * elsewhere one plain line a step.
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

  /** Takes the line away; the next step brings it back. */
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
