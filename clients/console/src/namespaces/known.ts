import { namespaces } from "../api.js";
import type { Namespace } from "activity-session/v1/namespace";
import { Loading } from "../shared/loading.js";

/** The namespaces of which the caller has a role, by name, and whether there are more than one call lists. */
export interface Known {
  namespaces: Namespace[];
  areAll: boolean;
}

const MOST = 1000;

/** What the page knows of namespaces; the first 1000 of them. */
export const known = new Loading<Known>();

/** Lists the namespaces again. */
export function listNamespaces(): Promise<void> {
  return known.run(async (signal) => {
    const page = await namespaces.listNamespaces({ pageSize: MOST }, { signal });
    return { namespaces: page.namespaces, areAll: page.nextPageToken === "" };
  });
}
