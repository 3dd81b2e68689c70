import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

/** Where the server is that a proxy stands before. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/** Gives each connection of a client one of its own to the server; where either goes, so does the other. */
export abstract class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private readonly listener = createServer({ noDelay: true }, (client) => this.connect(client));

  /** @internal Use {@link TcpProxy.open}. */
  constructor(private readonly target: ProxyTarget) {}

  static async open<Proxy extends TcpProxy>(
    this: new (target: ProxyTarget) => Proxy,
    target: ProxyTarget,
  ): Promise<Proxy> {
    const proxy = new this(target);
    await new Promise<void>((listening) => proxy.listener.listen(0, '127.0.0.1', listening));
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((closed) => this.listener.close(closed));
  }

  /** Takes a pair of connections over; what it returns is told when they go. */
  protected abstract join(client: Socket, server: Socket): () => void;

  private connect(client: Socket): void {
    const { host, port } = this.target;
    const server = createConnection({ host, port, noDelay: true });
    const leave = this.join(client, server);
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket
        .on('error', () => socket.destroy())
        .on('close', () => {
          this.sockets.delete(socket);
          leave();
          client.destroy();
          server.destroy();
        });
    }
  }
}
