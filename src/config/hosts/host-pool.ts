import type * as Mysql2 from 'mysql2';

/** The pool of one of several hosts. While another host is the writer, it keeps no session that nobody uses. */
export class HostPool {
  private readonly idle = new Set<Mysql2.PoolConnection>();
  private isRetired = false;

  constructor(readonly pool: Mysql2.Pool) {
    pool.on('connection', (connection) => {
      const forget = (): boolean => this.idle.delete(connection);
      connection.once('end', forget);
      connection.once('error', forget);
    });
    pool.on('acquire', (connection) => this.idle.delete(connection));
    pool.on('release', (connection) => {
      if (this.isRetired) connection.destroy();
      else this.idle.add(connection);
    });
  }

  /** Makes it keep its sessions, as its host is the writer. */
  serve(): void {
    this.isRetired = false;
  }

  /** Closes the sessions that nobody uses, and the others when they are given back. */
  retire(): void {
    this.isRetired = true;
    for (const connection of [...this.idle]) connection.destroy();
    this.idle.clear();
  }
}
