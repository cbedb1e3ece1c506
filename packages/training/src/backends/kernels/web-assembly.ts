/** The part of WebAssembly's interface that is used here: the types of ES2023 have none of it, Node's a part. */

/** A memory that instances share. */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}

/** A compiled binary; opaque, and can be sent to threads. */
export type WasmModule = object & { readonly __module?: never };

interface WebAssemblyInterface {
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: boolean;
  }) => WasmMemory;
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: object };
  compile(bytes: Uint8Array): Promise<WasmModule>;
  validate(bytes: Uint8Array): boolean;
}

/** The platform's WebAssembly. */
export const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyInterface })
  .WebAssembly;
