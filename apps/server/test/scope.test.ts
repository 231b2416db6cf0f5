import { container } from "tsyringe";
import { describe, expect, test } from "vitest";
import { createScope, type Scope } from "../src/container/scope.ts";
import { type Token, token } from "../src/container/token.ts";

const A: Token<object> = token("A");
const B: Token<object> = token("B");

function newScope(): Scope {
  return createScope(container.createChildContainer());
}

function closing(name: string, closed: string[]): Disposable {
  return { [Symbol.dispose]: () => void closed.push(name) };
}

describe("a scope", () => {
  test("builds a service once, at its first use", () => {
    const scope = newScope();
    let built = 0;
    scope.provide(A, () => ({ number: (built += 1) }));

    expect(built).toBe(0);
    expect(scope.use(A)).toBe(scope.use(A));
    expect(built).toBe(1);
  });

  test("refuses a key that it provides already", () => {
    const scope = newScope();
    scope.provide(A, () => ({}));

    expect(() => scope.provide(A, () => ({}))).toThrowError(/A\) is already provided/);
  });

  test("names a key that nobody provides", () => {
    expect(() => newScope().use(A)).toThrowError(/A/);
  });

  test("shares the services of the scope around it and keeps its own to itself", () => {
    const root = newScope();
    root.provide(A, () => ({}));
    const child = root.child();
    child.provide(B, () => ({}));

    expect(child.use(A)).toBe(root.use(A));
    expect(() => root.use(B)).toThrowError(/B/);
    expect(root.child().use(A)).toBe(root.use(A));
  });

  test("builds a root service in the root, whoever asks, so that it cannot hold a child's", () => {
    const root = newScope();
    root.provide(A, (scope) => scope.use(B));
    const child = root.child();
    child.provide(B, () => ({}));

    expect(() => child.use(A)).toThrowError(/B/);
  });

  test("closes what it built, last built first, and nothing else", async () => {
    const closed: string[] = [];
    const scope = newScope();
    scope.provide(A, () => closing("A", closed));
    await scope.open(B, () => Promise.resolve(closing("B", closed)));
    scope.use(A);
    const unused = newScope();
    unused.provide(A, () => closing("unused", closed));

    await scope[Symbol.asyncDispose]();
    await scope[Symbol.asyncDispose]();
    await unused[Symbol.asyncDispose]();

    expect(closed).toEqual(["A", "B"]);
  });

  test("closes everything and gathers the failures", async () => {
    const closed: string[] = [];
    const scope = newScope();
    scope.provide(A, () => closing("A", closed));
    scope.provide(B, () => ({ [Symbol.asyncDispose]: () => Promise.reject(new Error("stuck")) }));
    scope.use(A);
    scope.use(B);

    await expect(scope[Symbol.asyncDispose]()).rejects.toMatchObject({
      errors: [{ message: "stuck" }],
    });
    expect(closed).toEqual(["A"]);
  });
});
