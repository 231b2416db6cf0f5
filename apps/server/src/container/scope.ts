/**
 * A typed, disposable view of a tsyringe container.
 *
 * Invariant: a service is built once, in the scope that provides it, and taken
 * down after everything that was built later. tsyringe alone keeps neither: it
 * never disposes of what a factory made, lets a key be registered twice, and
 * builds in the scope that asks, so that a root service could hold on to the
 * data of one request.
 */
import type { DependencyContainer } from "tsyringe";
import type { Token } from "./token.ts";

/** Holds services by typed key and takes down, last built first, what it built. */
export interface Scope extends AsyncDisposable {
  /**
   * Says how the service of a key is made; it is made at its first use.
   *
   * @throws {Error} when this scope already provides the key.
   */
  provide<T>(key: Token<T>, make: (scope: Scope) => NoInfer<T>): void;
  /**
   * Makes a service that has to be waited for, and provides it once it is there.
   *
   * @throws {Error} when this scope already provides the key.
   */
  open<T>(key: Token<T>, make: (scope: Scope) => Promise<NoInfer<T>>): Promise<T>;
  /** The service of a key, from this scope or one around it. */
  use<T>(key: Token<T>): T;
  /** A scope that sees everything of this one and keeps its own services to itself. */
  child(): Scope;
}

/** Wraps a container; give it a child container, never the global one. */
export function createScope(container: DependencyContainer): Scope {
  const built: unknown[] = [];
  const scope: Scope = {
    provide(key, make) {
      if (container.isRegistered(key as symbol))
        throw new Error(`${String(key)} is already provided in this scope.`);
      let instance: { readonly value: ReturnType<typeof make> } | undefined;
      container.register(key as symbol, {
        useFactory: () => {
          if (instance === undefined) {
            instance = { value: make(scope) };
            built.push(instance.value);
          }
          return instance.value;
        },
      });
    },
    async open(key, make) {
      const value = await make(scope);
      scope.provide(key, () => value);
      return scope.use(key);
    },
    use: (key) => container.resolve(key as symbol),
    child: () => createScope(container.createChildContainer()),
    async [Symbol.asyncDispose]() {
      const failures = await disposeAll(built.splice(0).toReversed());
      if (failures.length > 0) throw new AggregateError(failures, "Some services failed to close.");
    },
  };
  return scope;
}

async function disposeAll(services: readonly unknown[]): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const value of services) {
    const service = value as Partial<Disposable & AsyncDisposable> | null | undefined;
    try {
      if (service?.[Symbol.asyncDispose] === undefined) service?.[Symbol.dispose]?.();
      else await service[Symbol.asyncDispose]?.();
    } catch (failure) {
      failures.push(failure);
    }
  }
  return failures;
}
