import type { ProgressEvent } from '../../engine/migrate/results';
import type { OutputStream } from '../command-line';
import type { Style } from './style';

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
    this.step = event.step.replaceAll(/\s+/g, ' ');
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
