/** How the engine's texts name the package that owns the tables, and the program that a reader is to run. */
export interface Words {
  /** The package whose tables these are, such as `@shop/schema`. */
  readonly package: string;
  /** Its command line, such as `shop-schema`: a remedy says `shop-schema migrate`. */
  readonly command: string;
  /** How the names of its environment variables begin, such as `SHOP`. */
  readonly environment: string;
}

/** How to let a rollback throw values away, for a remedy that has told how to save them. */
export const howToDiscard = ({ command, environment }: Words): string =>
  `then say that they may go: ${command} rollback --discard-rows; where there is no such option, ${environment}_DISCARD_ROWS=1 in the environment.`;
