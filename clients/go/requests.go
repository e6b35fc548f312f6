package activitysession

import (
	"context"
	"crypto/rand"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const maxAttempts = 5

// sendAgain retries a call, with the same request id, that a draining server has cancelled before it began.
func sendAgain(
	ctx context.Context, method string, request, reply any, conn *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	request = withRequestID(request)
	var between pauses
	for attempt := 1; ; attempt++ {
		err := invoke(ctx, method, request, reply, conn, options...)
		ended := attempt == maxAttempts || ctx.Err() != nil || isClosed(conn)
		if ended || status.Code(err) != codes.Canceled {
			return explainSent(request, err)
		}
		sleep(ctx, between.next())
	}
}

// withRequestID returns the request with a request id: a copy if it had none, since the caller may use its message
// again.
func withRequestID(request any) any {
	message, ok := request.(proto.Message)
	if !ok {
		return request
	}
	original := message.ProtoReflect()
	field := original.Descriptor().Fields().ByName("request_id")
	if field == nil || original.Has(field) {
		return request
	}
	copied := original.New()
	proto.Merge(copied.Interface(), message)
	copied.Set(field, protoreflect.ValueOfString(newRequestID()))
	return copied.Interface()
}

// newRequestID returns a random UUID, of version 4.
func newRequestID() string {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		panic(err) // with an id that is not random, the call could be taken for a retry of another one
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
