/** Returns the last segment of a resource's name: its id. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Returns the name of the namespace that a resource is in. */
export function namespaceOf(name: string): string {
  return name.split("/").slice(0, 2).join("/");
}
