import type { ShardReport, ShardRequest } from './protocol.js';

/** How a host ended without being asked to. */
export interface HostExit {
  readonly reason: string;
  /** A signal from outside ended the process: an operator, or the kernel short of memory. */
  readonly isOutsideKill: boolean;
}

export interface HostListener {
  onReport(shard: number, report: ShardReport): void;
  /** Called once at most, and not after `close` or `kill`. */
  onExit(exit: HostExit): void;
}

/** Where the shards of one device run: threads of this process or of a process of their own, or another host. */
export interface DeviceHost {
  /** Of the process of its own, where it has one. */
  readonly pid?: number;
  post(shard: number, request: ShardRequest): void;
  /** Lets every shard end after its step; resolves when threads and process are gone. */
  close(): Promise<void>;
  /**
   * Gives the host up at once. A process is killed. A thread cannot be: to end it during a run would abort this
   * process, so it ends by itself after its step, unheard.
   */
  kill(): void;
}

/** Opens the shards of a device for one of its lives, counted from 1; with the layout detector only where it may. */
export type OpenHost = (life: number, listener: HostListener, mayDetect: boolean) => DeviceHost;
