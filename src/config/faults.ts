import { ProtectionFlowsError } from '../errors';

/**
 * `invalid`: a value that cannot be; `missing`: no value where one is needed; `unknown`: a name that means
 * nothing here; `unreadable`: a file that the value names; `refused`: understood, and too dangerous to do.
 */
export type FaultKind = 'invalid' | 'missing' | 'unknown' | 'unreadable' | 'refused';

/** One fault of a configuration. The message never quotes a value that could hold a password. */
export interface ConfigFault {
  /** The option as its source names it: `port`, `DB_PORT`, `ssl.ca`. */
  readonly option: string;
  readonly kind: FaultKind;
  /** What is wrong, as the end of a sentence that the option's name begins: `must be …`. */
  readonly message: string;
}

/** Gathers the faults of one source, so that all are told at once. */
export class FaultList {
  private readonly faults: ConfigFault[] = [];

  /** @param source - what the faults are in, for the message: `DATABASE_URL`, a file's path */
  constructor(
    private readonly source: string,
    private readonly remedy: string,
  ) {}

  add(kind: FaultKind, option: string, message: string): void {
    this.faults.push({ option, kind, message });
  }

  get isEmpty(): boolean {
    return this.faults.length === 0;
  }

  /**
   * Throws all faults as one error: OPTION_REFUSED if one of them is a refusal, CONFIG_UNREADABLE if all are
   * files that cannot be read, CONFIG_INVALID otherwise. Returns where there is none.
   */
  throwIfAny(): void {
    if (this.isEmpty) return;
    const sentences = this.faults.map((fault) => `${fault.option} ${fault.message}`);
    throw new ProtectionFlowsError(this.code(), {
      message: `${this.source}: ${sentences.join('; ')}`,
      remedy: this.remedy,
      details: { source: this.source, faults: this.faults },
    });
  }

  private code(): 'OPTION_REFUSED' | 'CONFIG_UNREADABLE' | 'CONFIG_INVALID' {
    if (this.faults.some((fault) => fault.kind === 'refused')) return 'OPTION_REFUSED';
    return this.faults.every((fault) => fault.kind === 'unreadable') ? 'CONFIG_UNREADABLE' : 'CONFIG_INVALID';
  }
}
