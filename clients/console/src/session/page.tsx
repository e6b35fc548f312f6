import { signal } from "@preact/signals";
import type { Event } from "activity-session/v1/event";
import { useEffect, useMemo } from "preact/hooks";
import type { SessionRoute } from "../routes.js";
import { SharedContext, type Shared } from "./context.js";
import { Conversation } from "./conversation/conversation.js";
import { Header } from "./header.js";
import { Banner } from "./banner.js";
import { People } from "./model/people.js";
import { LiveSession } from "./model/session.js";
import { idOf } from "./names.js";
import "./style/session.css";

/** A session: its conversation, and beside it what else there is to know. */
export function SessionPage({ route }: { route: SessionRoute }) {
  const shared = useShare(route);
  const session = shared.live.session.value;
  return (
    <SharedContext.Provider value={shared}>
      <main class="session">
        <Header />
        <Banner />
        {session && (
          <div class="session-body">
            <Conversation route={route} />
          </div>
        )}
      </main>
    </SharedContext.Provider>
  );
}

/** Returns what the page shares, and follows the session while the page is open. */
function useShare(route: SessionRoute): Shared {
  const shared = useMemo(() => {
    const live = new LiveSession(route.name);
    return { live, people: new People(live.session), unfolded: signal(new Set<string>()), raw: signal<Event>() };
  }, [route.name]);
  useEffect(() => {
    document.title = idOf(route.name);
    void shared.live.open(route.at);
    return () => shared.live.close();
  }, [shared]);
  return shared;
}
