import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

/** The address of the server behind a proxy. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/** Opens a connection to the server for each client's connection. If one of the two closes, it closes the other. */
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

  /** Takes over a pair of connections. The returned function is called when they close. */
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
