/** Properties that may be left out, or be undefined, which is the same: also under `exactOptionalPropertyTypes`. */
export type Optional<Properties> = { [Name in keyof Properties]?: Properties[Name] | undefined };
