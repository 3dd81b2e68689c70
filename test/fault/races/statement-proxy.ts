import type { Socket } from 'node:net';
import { TcpProxy } from '../../support/tcp-proxy';
import { AnswerReader, connectionIdIn, errorAnswer, PacketReader, statementIn, withStatement } from './wire';

/** The errors of a statement that the server aborts because of other transactions. */
export const lostToOthers = {
  deadlock: { errno: 1213, state: '40001', message: 'Deadlock found when trying to get lock' },
  'lock-wait': { errno: 1205, state: 'HY000', message: 'Lock wait timeout exceeded' },
} as const;

/** A statement that has not been sent yet. */
export interface HeldStatement {
  readonly kind: 'statement';
  readonly sql: string;
  /** The server's number of its connection. */
  readonly connectionId: number;
  /** Sends it, or another text instead. */
  send(sql?: string): void;
  /** Breaks the connection: the server never gets the statement, and rolls back the transaction. */
  cut(): Promise<void>;
  /** Answers with an error instead of the server, and makes the server roll back as it would for this error. */
  fail(how: keyof typeof lostToOthers): Promise<void>;
}

/** An answer that has not come back yet. */
export interface HeldAnswer {
  readonly kind: 'answer';
  readonly sql: string;
  readonly connectionId: number;
  deliver(): void;
  /** Breaks the connection: the server has executed the statement, and the client never gets the answer. */
  lose(): Promise<void>;
}

/** What the proxy holds on a connection. */
export type Held = HeldStatement | HeldAnswer;

/** The first statement of a new connection of the pool. It passes, because it is not part of a call. */
const opensSession = /^\s*SET NAMES\b/;

/**
 * A proxy between one client and the server. While `onHeld` is set, it holds each statement and each answer, and passes them to
 * `onHeld`. Otherwise all pass.
 */
export class StatementProxy extends TcpProxy {
  onHeld: ((held: Held) => void) | null = null;

  protected override join(client: Socket, server: Socket): () => void {
    new ProxiedConnection(client, server, () => this.onHeld);
    return () => undefined;
  }
}

/** One connection. The protocol allows one statement at a time. */
class ProxiedConnection {
  private connectionId = 0;
  /** Gets the whole answer to the statement under way; null: answers pass. */
  private takeAnswer: ((packets: Buffer[]) => void) | null = null;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly listener: () => ((held: Held) => void) | null,
  ) {
    const statements = new PacketReader();
    client.on('data', (chunk) => {
      for (const one of statements.add(chunk)) this.fromClient(one);
    });
    const answers = new PacketReader();
    let [answer, reader] = [[] as Buffer[], new AnswerReader()];
    server.on('data', (chunk) => {
      for (const one of answers.add(chunk)) {
        if (this.connectionId === 0) this.connectionId = connectionIdIn(one);
        if (this.takeAnswer === null) {
          client.write(one);
          continue;
        }
        answer.push(one);
        if (!reader.ends(one)) continue;
        const [take, whole] = [this.takeAnswer, answer];
        [this.takeAnswer, answer, reader] = [null, [], new AnswerReader()];
        take(whole);
      }
    });
  }

  private fromClient(one: Buffer): void {
    const onHeld = this.listener();
    const sql = statementIn(one);
    if (onHeld === null || sql === null || opensSession.test(sql)) {
      this.server.write(one);
      return;
    }
    const { connectionId } = this;
    const breakOff = (): void => {
      this.client.destroy();
      this.server.destroy();
    };
    onHeld({
      kind: 'statement',
      sql,
      connectionId,
      send: (text = sql) => {
        this.takeAnswer = (answer) => {
          const deliver = (): void => void this.client.write(Buffer.concat(answer));
          const lose = (): Promise<void> => this.rollBack(one).then(breakOff);
          // `onHeld` may have been reset meanwhile
          const listener = this.listener();
          if (listener === null) deliver();
          else listener({ kind: 'answer', sql, connectionId, deliver, lose });
        };
        this.server.write(text === sql ? one : withStatement(one, text));
      },
      cut: () => this.rollBack(one).then(breakOff),
      fail: async (how) => {
        if (how === 'deadlock') await this.rollBack(one);
        const { errno, state, message } = lostToOthers[how];
        this.client.write(errorAnswer(errno, state, message));
      },
    });
  }

  /** Rolls back, as the server does after a deadlock or a lost connection. Here the rollback is complete when this resolves. */
  private rollBack(like: Buffer): Promise<void> {
    return new Promise((done) => {
      this.takeAnswer = () => done();
      this.server.write(withStatement(like, 'ROLLBACK'));
    });
  }
}
