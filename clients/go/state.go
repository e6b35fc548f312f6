package activitysession

import (
	"context"
	"encoding/json"
	"errors"

	"google.golang.org/grpc"

	v1 "activity-session/clients/go/activity_session/v1"
)

// SharedState is the state of a session, a participant or a namespace, as JSON values by their keys.
type SharedState struct {
	events v1.EventServiceClient
	name   string
}

// NewSharedState returns the state of the session, participant or namespace with that name.
func NewSharedState(conn grpc.ClientConnInterface, name string) *SharedState {
	return &SharedState{v1.NewEventServiceClient(conn), name}
}

// Get reads the value of a key, as json.Unmarshal does, and returns its revision. If the key is not there, the revision is
// 0, and the value stays what it is.
func (s *SharedState) Get(ctx context.Context, key string, value any) (revision int64, err error) {
	state, err := s.events.GetState(ctx, &v1.GetStateRequest{Name: s.name, Keys: []string{key}})
	if err != nil {
		return 0, explain(err)
	}
	entry, found := state.Entries[key]
	if !found {
		return 0, nil
	}
	return entry.Revision, json.Unmarshal([]byte(entry.ValueJson), value)
}

// SetOption is an option of [SharedState.Set].
type SetOption func(*v1.StateUpdate)

// WithExpectedRevision writes only if this is still the revision of the key; 0 if it must not be there. Otherwise the error
// is [ErrConflict], and its [Error.Missed] has the revision, and the value if that is short.
func WithExpectedRevision(revision int64) SetOption {
	return func(update *v1.StateUpdate) { update.ExpectedRevision = &revision }
}

// Set writes the value of a key, as json.Marshal does, up to state_value_bytes of the server, and returns its new revision.
func (s *SharedState) Set(ctx context.Context, key string, value any, options ...SetOption) (revision int64, err error) {
	text, err := json.Marshal(value)
	if err != nil {
		return 0, err
	}
	update := &v1.StateUpdate{Key: key, Change: &v1.StateUpdate_ValueJson{ValueJson: string(text)}}
	for _, option := range options {
		option(update)
	}
	state, err := s.events.UpdateState(ctx, &v1.UpdateStateRequest{Name: s.name, Updates: []*v1.StateUpdate{update}})
	return state.GetEntries()[key].GetRevision(), explain(err)
}

// Update writes what a function makes of the value of a key, and returns that with its revision. When somebody else has
// written meanwhile, the function is called again with what they have written, as often as it takes, until the context
// ends. It is given the zero value if the key is not there; an error that it returns ends the update.
func Update[T any](
	ctx context.Context, state *SharedState, key string, change func(T) (T, error),
) (value T, revision int64, err error) {
	var current T
	revision, err = state.Get(ctx, key, &current)
	for err == nil {
		if value, err = change(current); err != nil {
			break
		}
		written, refused := state.Set(ctx, key, value, WithExpectedRevision(revision))
		if !errors.Is(refused, ErrConflict) {
			return value, written, refused
		}
		var next T
		revision, err = state.missed(ctx, refused, key, &next)
		current = next
	}
	return value, 0, err
}

// missed reads the value that is there now, from the error if that tells it; a long one is left out of it.
func (s *SharedState) missed(ctx context.Context, refused error, key string, value any) (int64, error) {
	failure, _ := FromError(refused)
	for _, told := range failure.Missed().StateConflicts {
		if told.Revision == 0 {
			return 0, nil
		}
		if told.ValueJson != nil {
			return told.Revision, json.Unmarshal([]byte(*told.ValueJson), value)
		}
	}
	return s.Get(ctx, key, value)
}
