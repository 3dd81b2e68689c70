/** How the engine's texts name the program that a reader is to run. */
export interface Words {
  /** The package whose tables these are, such as `@sendense/protection-flows`. */
  readonly package: string;
  /** Its command line, such as `protection-flows`: a remedy says `protection-flows migrate`. */
  readonly command: string;
  /** How the names of its environment variables begin, such as `PROTECTION_FLOWS`. */
  readonly environment: string;
}
