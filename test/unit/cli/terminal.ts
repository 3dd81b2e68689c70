import type { OutputStream } from '../../../src/cli/output/style';

/** A stream that keeps what is written to it. */
export class Written implements OutputStream {
  text = '';

  constructor(
    readonly isTTY = false,
    readonly columns = 80,
  ) {}

  write(text: string): void {
    this.text += text;
  }
}
