import { ProtectionFlowsError } from './protection-flows-error';

/** The peer dependencies that are not optional: whoever imports the data layer and connects needs them all. */
export const neededPackages = ['class-validator', 'mysql2', 'reflect-metadata', 'typeorm'] as const;

function isMissing(name: string): boolean {
  try {
    require.resolve(name);
    return false;
  } catch {
    return true;
  }
}

/** The package of a module that Node.js did not find; null for another error, and for a file that is not there. */
function missingPackage(error: unknown): string | null {
  const { code, message } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  if (code !== 'MODULE_NOT_FOUND') return null;
  return /^Cannot find module '((?:@[^/']+\/)?[^./'][^/']*)[^']*'/.exec(message ?? '')?.[1] ?? null;
}

/**
 * The error for a package that is to be imported and is not installed, which names the other ones that are needed and
 * not there either; null where `error` says something else.
 */
export function packageMissing(error: unknown): ProtectionFlowsError<'PACKAGE_MISSING'> | null {
  const missed = missingPackage(error);
  if (missed === null) return null;
  const packages = [...new Set([missed, ...neededPackages.filter(isMissing)])].sort();
  const [verb, them] = packages.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return new ProtectionFlowsError('PACKAGE_MISSING', {
    message: `${packages.join(', ')} ${verb} not installed, and this package needs ${them}`,
    remedy: `npm install ${packages.join(' ')}`,
    details: { packages },
    cause: error,
  });
}

/**
 * What `load` gives, which loads a part of this package or a package that it needs.
 *
 * @throws ProtectionFlowsError PACKAGE_MISSING in place of Node.js' own MODULE_NOT_FOUND, which is its cause
 */
export function loaded<Part>(load: () => Part): Part {
  try {
    return load();
  } catch (error) {
    throw packageMissing(error) ?? error;
  }
}
