import type { Socket } from 'node:net';
import { TcpProxy } from '../../support/tcp-proxy';
import { AnswerReader, errorAnswer, PacketReader, statementIn } from '../races/wire';

/** A session of the server. It answers one statement after the other, from any client. */
class PooledSession {
  private readonly waiting: { readonly packet: Buffer; readonly client: Socket }[] = [];
  /** The client whose statement is under way; null: packets go to the opener, as during the login. */
  private client: Socket | null = null;

  constructor(
    private readonly opener: Socket,
    private readonly server: Socket,
  ) {
    const packets = new PacketReader();
    let reader = new AnswerReader();
    server.on('data', (chunk) => {
      for (const one of packets.add(chunk)) {
        (this.client ?? this.opener).write(one);
        if (this.client === null || !reader.ends(one)) continue;
        [this.client, reader] = [null, new AnswerReader()];
        this.sendNext();
      }
    });
  }

  /** Sends a packet that is no statement, such as those of the login. */
  pass(packet: Buffer): void {
    this.server.write(packet);
  }

  ask(packet: Buffer, client: Socket): void {
    this.waiting.push({ packet, client });
    if (this.client === null) this.sendNext();
  }

  private sendNext(): void {
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.client = next.client;
    this.server.write(next.packet);
  }
}

/** A proxy like a pooler. It can refuse statements, and can send each statement through another session. */
export class Pooler extends TcpProxy {
  /** Returns the error that the proxy answers a statement with; null: the server answers. */
  refuses: (sql: string) => Parameters<typeof errorAnswer> | null = () => null;
  /** True if each statement goes to the next of all sessions, whichever client opened it. */
  lends = false;
  /** The statements that the server got. */
  readonly sent: string[] = [];
  private readonly sessions = new Set<PooledSession>();

  protected override join(client: Socket, server: Socket): () => void {
    const own = new PooledSession(client, server);
    this.sessions.add(own);
    const packets = new PacketReader();
    client.on('data', (chunk) => {
      for (const one of packets.add(chunk)) this.fromClient(one, client, own);
    });
    return () => void this.sessions.delete(own);
  }

  private fromClient(one: Buffer, client: Socket, own: PooledSession): void {
    const sql = statementIn(one);
    if (sql === null) return own.pass(one);
    const refusal = this.refuses(sql);
    if (refusal !== null) return void client.write(errorAnswer(...refusal));
    this.sent.push(sql);
    const [next = own] = this.sessions;
    if (!this.lends) return own.ask(one, client);
    // Move the session to the end of the order
    this.sessions.delete(next);
    this.sessions.add(next);
    next.ask(one, client);
  }
}
