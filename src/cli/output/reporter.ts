import type { ErrorReport } from '../../errors';
import type { ProgressEvent } from '../../migrator/results';
import type { OutputStream } from '../command-line';
import { ProgressDisplay } from './progress-display';
import { styleFor, type Style } from './style';

/** How a run prints. */
export interface ReporterOptions {
  readonly json: boolean;
  /** False with --no-color. */
  readonly color: boolean;
  readonly env: NodeJS.ProcessEnv;
}

/** Rows with big numbers come from the server as they are; JSON has no word for them. */
function plain(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/**
 * Everything that a command prints goes through here. stdout: the result, as text or as the one JSON document.
 * stderr: errors as text, progress and notes.
 */
export class Reporter {
  readonly json: boolean;
  /** Colours for stdout. */
  readonly style: Style;
  private readonly errorStyle: Style;
  private readonly display: ProgressDisplay;

  constructor(
    private readonly stdout: OutputStream,
    private readonly stderr: OutputStream,
    options: ReporterOptions,
  ) {
    this.json = options.json;
    this.style = styleFor(stdout, options.env, options.color);
    this.errorStyle = styleFor(stderr, options.env, options.color);
    this.display = new ProgressDisplay(stderr, this.errorStyle);
  }

  /** Prints the result: as JSON, or the lines that `text` makes of it. At most once in a run. */
  result(value: object, text: (style: Style) => readonly string[]): void {
    this.display.clear();
    if (this.json) this.stdout.write(`${JSON.stringify(value, plain, 2)}\n`);
    else this.lines(text(this.style));
  }

  /** Prints lines of text before the result; nothing with --json. */
  lines(lines: readonly string[]): void {
    if (this.json || lines.length === 0) return;
    this.display.clear();
    this.stdout.write(`${lines.join('\n')}\n`);
  }

  /** Prints an error: three lines on stderr, or the one JSON document on stdout. */
  error(report: ErrorReport): void {
    this.display.clear();
    if (this.json) {
      this.stdout.write(`${JSON.stringify({ error: report }, plain, 2)}\n`);
      return;
    }
    const { red, bold } = this.errorStyle;
    this.note(`${red(bold(report.code))}: ${oneLine(report.message)}`);
    this.note(oneLine(report.consequence));
    this.note(`Fix: ${oneLine(report.remedy)}`);
  }

  /** A line on stderr, whatever the form of the result. */
  note(line: string): void {
    this.display.clear();
    this.stderr.write(`${line}\n`);
  }

  /** Shows the step that is about to run; a ProgressListener. */
  readonly progress = (event: ProgressEvent): void => this.display.show(event);

  /** Takes the progress display off the terminal. */
  end(): void {
    this.display.clear();
  }
}

/** An error is three lines; SQL stays SQL without its line breaks. */
function oneLine(text: string): string {
  return text.replaceAll(/\s*\r?\n\s*/g, ' ').trim();
}
