/** AssemblyScript: its own compiler checks it, and rules of TypeScript's types do not apply. */
export default [{ ignores: ["**"] }];
