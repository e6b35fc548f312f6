import { signal } from "@preact/signals";
import type { Event } from "activity-session/v1/event";
import { useEffect, useMemo } from "preact/hooks";
import { settings } from "../api.js";
import type { SessionRoute } from "../routes.js";
import { Banner } from "./banner.js";
import { SharedContext, type Shared } from "./context.js";
import { Conversation } from "./conversation/conversation.js";
import { Header } from "./header.js";
import { People } from "./model/people.js";
import { LiveSession } from "./model/session.js";
import { Panels } from "./panels/panels.js";
import { RawEvent } from "./raw/raw_event.js";
import { Composer } from "./writing/composer.js";
import { HeldTurn } from "./writing/held_turn.js";
import "./style/session.css";

/** A session: its conversation, and beside it what else there is to know. */
export function SessionPage({ route }: { route: SessionRoute }) {
  const shared = useShare(route);
  return (
    <SharedContext.Provider value={shared}>
      <main class="session">
        <Header />
        <Banner />
        {shared.live.session.value && (
          <div class="session-body">
            <Conversation route={route}>{settings.value.writes && <Composer />}</Conversation>
            <Panels route={route} />
          </div>
        )}
        <RawEvent />
      </main>
    </SharedContext.Provider>
  );
}

/** Returns what the page shares, and follows the session while the page is open. */
function useShare({ name, at }: SessionRoute): Shared {
  const shared = useMemo(() => {
    const live = new LiveSession(name);
    const people = new People(live.session);
    return { live, people, turn: new HeldTurn(live), unfolded: signal(new Set<string>()), raw: signal<Event>() };
  }, [name]);
  useEffect(() => {
    void shared.live.open(at);
    return () => {
      void shared.turn.handBack();
      shared.live.close();
    };
  }, [shared]);
  return shared;
}
