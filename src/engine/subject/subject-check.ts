import type { Queryable } from '../server/queryable';

/** A statement that a check executed, and what the server answered. */
export interface Evidence {
  readonly sql: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** What a subject's own check came to. */
export interface SubjectOutcome {
  readonly status: 'pass' | 'fail' | 'skip';
  /** One sentence; for a failure, what is wrong. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  /** How to mend a failure; null when there is nothing to mend. */
  readonly remedy: string | null;
}

/**
 * What a subject promises of its rows, beyond what any schema can: proven by SELECTs, once the declared tables were seen to
 * be there. What the server does not let it read becomes a skip, with the server's reason.
 */
export interface SubjectCheck {
  /** Its name in the report: small letters and hyphens, none of verify's own. */
  readonly id: string;
  /** Looks, by SELECTs alone. */
  run(session: Queryable): Promise<SubjectOutcome>;
}
