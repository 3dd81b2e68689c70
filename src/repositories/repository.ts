import type { EntityManager } from 'typeorm';
import { Session } from './session';

/** What the repositories have in common: the manager that their statements are executed on. */
export abstract class Repository {
  protected readonly session: Session;

  /** @param manager a DataSource's `manager`, or that of a transaction, which all calls then join */
  constructor(manager: EntityManager) {
    this.session = new Session(manager);
  }

  /** The same repository within a caller's transaction. */
  withManager(manager: EntityManager): this {
    return new (this.constructor as new (manager: EntityManager) => this)(manager);
  }
}
