/**
 * What the documents' blocks of code use without saying where it comes from: this package, TypeORM's and NestJS's names, and
 * what a reader has of his own by then. A block that uses a name which is not here has to say what it is.
 */
import type {
  DueFlowRepository,
  ExecutionRepository,
  FlowRepository,
  NewFlow,
  ProtectionFlowsDataSource,
  RetentionRepository,
  TargetRepository,
} from '../../../src';
import type { Subject } from '../../../src/engine';
import type { PrivateServer } from '../../../src/testing';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { DataSource, MigrationInterface } from 'typeorm';

export * from '../../../src';
export * from '../../../src/nestjs';
export { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
export { APP_FILTER } from '@nestjs/core';
export { HealthCheck, HealthCheckService } from '@nestjs/terminus';
export { TypeOrmModule } from '@nestjs/typeorm';
export {
  Column,
  Entity,
  EntityManager,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';

/** Connected. */
export declare const dataSource: ProtectionFlowsDataSource;
export declare const flows: FlowRepository;
export declare const executions: ExecutionRepository;
export declare const dueFlows: DueFlowRepository;
export declare const retention: RetentionRepository;
export declare const targets: TargetRepository;

/** A flow that is to be stored. */
export declare const flow: NewFlow;
export declare const input: NewFlow;
/** The body of a request. */
export declare const body: Record<string, unknown>;

/** The reader's own DataSource, server, subject of the engine, entity, migration and module. */
export declare const application: DataSource;
export declare const server: PrivateServer;
export declare const subject: Subject;
export declare class Note {
  id: number;
  text: string;
}
export declare class FlowNote extends Note {}
export declare class CreateNotes1700000000000 implements MigrationInterface {
  up(): Promise<void>;
  down(): Promise<void>;
}
export declare class CreateFlowNotes1700000000000 extends CreateNotes1700000000000 {}
export declare class AppModule {}

export declare const spanProcessors: SpanProcessor[];

/** The reader's own functions that do a run and its jobs. */
export declare function run(...flowAndExecution: readonly object[]): Promise<void>;
export declare function jobIdOf(vm: object): string;
export declare function backUp(vm: object, flow: object, signal: AbortSignal): Promise<void>;

/** From @nestjs/config, which is not a dependency of this package. */
export declare class ConfigService {
  get(name: string): string | undefined;
  getOrThrow(name: string): string;
}
