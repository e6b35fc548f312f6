package activitysession.loop;

import activitysession.ActivitySession;
import activitysession.ErrorKind;
import activitysession.Watch;
import activitysession.v1.Event;
import activitysession.v1.GetSessionRequest;
import activitysession.v1.MarkReadRequest;
import activitysession.v1.Session;
import activitysession.v1.SessionParticipant;
import activitysession.v1.SessionServiceGrpc;
import activitysession.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import activitysession.v1.SessionView;
import activitysession.v1.WatchSessionResponse;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Consumer;

/**
 * The events of a session that a member has not read yet, as they come, for one loop in one thread. The read mark moves on
 * after each event that was handled.
 *
 * <pre>{@code
 * try (var events = new Follow(channel, session, participant)) {
 *   for (var event : events) { ... }
 * }
 * }</pre>
 *
 * <p>An event counts as handled when the loop asks for the next one. So each event is handled at least once, also over
 * restarts of the program: one at which the loop was left comes again. It waits for new events without end, and reconnects
 * as a {@link Watch} does. Two loops of one member share the mark, and each gets all events.
 *
 * <p>What was taken out of view before it was reached does not come, and what comes back into view does not come again.
 *
 * <p>It throws as a Watch does; an error of the kind PURGED if events after the read mark are gone by their age.
 */
public final class Follow implements Iterable<Event>, Iterator<Event>, AutoCloseable {
  private final SessionServiceBlockingStub sessions;
  private final String session;
  private final String participant;
  private final Watch watch;
  private Consumer<Event> onMark = mark -> {};
  private boolean skipOwn;
  private volatile boolean closed;
  private long reached;
  private long marked;
  private Event event; // that hasNext has read and next has not returned

  /**
   * Reads how far the member has read; PARTICIPANT_NOT_BOUND if the participant is no member.
   *
   * @param channel made by {@link ActivitySession#connect(String)}
   * @param session its full name
   * @param participant the name of the member
   */
  public Follow(Channel channel, String session, String participant) {
    this.sessions = SessionServiceGrpc.newBlockingStub(channel);
    this.session = session;
    this.participant = participant;
    Session found = sessions.getSession(
        GetSessionRequest.newBuilder().setName(session).setView(SessionView.SESSION_VIEW_BASIC).build());
    reached = marked = read(found);
    watch = ActivitySession.watch(channel, session, marked, SessionView.SESSION_VIEW_BASIC, found.getUid());
  }

  /** Leaves the member's own events out; they count as read. To be called before the loop. */
  public Follow skipOwn() {
    skipOwn = true;
    return this;
  }

  /** Has a function told of each mark, which says what has changed of earlier events. To be called before the loop. */
  public Follow onMark(Consumer<Event> caller) {
    onMark = caller;
    return this;
  }

  /** Is {@link Watch#onDisconnect}. */
  public Follow onDisconnect(Consumer<StatusRuntimeException> caller) {
    watch.onDisconnect(caller);
    return this;
  }

  /** Returns this itself: it can be iterated only once. */
  @Override
  public Iterator<Event> iterator() {
    return this;
  }

  /** Marks the event before as read, and waits for the next one; returns false when this is closed. */
  @Override
  public boolean hasNext() {
    if (event == null) {
      mark();
    }
    while (event == null && watch.hasNext()) {
      take(watch.next());
    }
    return event != null;
  }

  @Override
  public Event next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Event next = event;
    event = null;
    return next;
  }

  /** Ends the iteration, from any thread. The event that was returned last stays unread. */
  @Override
  public void close() {
    closed = true;
    watch.close();
  }

  private long read(Session found) {
    return found.getParticipantsList().stream()
        .filter(member -> member.getParticipant().equals(participant))
        .mapToLong(SessionParticipant::getLastReadSequence)
        .findFirst()
        .orElseThrow(() -> Refusals.refusal("PARTICIPANT_NOT_BOUND", "only a member has a read mark",
            Map.of("resource", participant, "session", session)));
  }

  private void take(WatchSessionResponse message) {
    // Only one of them is set. A bookmark is after those that are out of view.
    reached = Math.max(reached, message.getEvent().getSequence()
        + message.getMark().getSequence() + message.getBookmark().getLastSequence());
    if (!message.hasEvent()) {
      if (message.hasMark()) {
        onMark.accept(message.getMark());
      }
      mark();
    } else if (!(skipOwn && message.getEvent().getAuthor().equals(participant))) {
      event = message.getEvent();
    }
  }

  private void mark() {
    if (reached == marked || closed) {
      return;
    }
    try {
      sessions.markRead(MarkReadRequest.newBuilder()
          .setSession(session).setParticipant(participant).setSequence(reached).setUid(watch.uid()).build());
      marked = reached;
    } catch (StatusRuntimeException e) {
      // A later mark will do; the log of a deleted session can be read to its end, without marks.
      if (!Refusals.mayPass(e) && !Refusals.is(e, ErrorKind.DELETED)) {
        throw e;
      }
    }
  }
}
