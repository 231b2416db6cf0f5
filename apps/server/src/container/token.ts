declare const serviceType: unique symbol;

/** A container key that remembers, for the compiler only, what it stands for. */
export type Token<T> = symbol & { readonly [serviceType]?: (service: T) => T };

/** Makes a key. The name appears in the message about a key that nobody provides. */
export const token = <T>(name: string): Token<T> => Symbol(name) as Token<T>;
