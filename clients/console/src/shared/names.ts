/** Returns the last segment of a resource name, its id: `namespaces/default` is `default`. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Returns the namespace that a resource is in, by its name. */
export function namespaceOf(name: string): string {
  return name.split("/").slice(0, 2).join("/");
}
