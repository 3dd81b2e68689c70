/** What a migrate does about rows whose parent does not exist: refuse the key, clear the reference, or set the rows aside. */
export const orphanChoices = ['report', 'null', 'quarantine'] as const;

export type OrphanChoice = (typeof orphanChoices)[number];
