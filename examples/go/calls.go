package latchkey

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
)

const keysPath = "/api/api-keys"

var isID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// keyPath: an id cannot lead to another path, whatever it holds.
func keyPath(id string) (string, error) {
	if !isID.MatchString(id) {
		return "", errors.New("latchkey: an id is a UUID")
	}
	return keysPath + "/" + id, nil
}

// Verify verifies a token. An unknown verdict is an error (authority_unavailable), never Valid false. It is not retried: it may
// cost.
func (c *Client) Verify(ctx context.Context, request VerifyRequest) (*VerifyAnswer, error) {
	var answer struct {
		Data *VerifyAnswer `json:"data"`
	}
	err := c.do(ctx, &call{method: http.MethodPost, path: "/api/v1/keys/verify", body: request}, &answer)
	if err != nil {
		return nil, err
	}
	if answer.Data == nil || answer.Data.Valid == nil {
		return nil, &Error{Code: "unexpected_answer", HTTPStatus: http.StatusOK, Detail: "The answer holds no verdict."}
	}
	return answer.Data, nil
}

// Page of keys; NextCursor is nil on the last one.
type Page struct {
	Data       []Key   `json:"data"`
	NextCursor *string `json:"next_cursor"`
}

// List returns one page of keys, newest first. query has the filters of the wire (status, search, limit, cursor…).
func (c *Client) List(ctx context.Context, query url.Values) (*Page, error) {
	var page Page
	path := keysPath + "?" + query.Encode()
	return &page, c.do(ctx, &call{method: http.MethodGet, path: path, isOfKeys: true}, &page)
}

// Get returns one key by its id.
func (c *Client) Get(ctx context.Context, id string) (*Key, error) {
	path, err := keyPath(id)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data Key `json:"data"`
	}
	return &answer.Data, c.do(ctx, &call{method: http.MethodGet, path: path, isOfKeys: true}, &answer)
}

// Create creates a key, once. idempotencyKey "" draws one: where the answer that held the token was lost, the key is rotated for
// a token that nobody saw. With one of yours it is not, since an earlier call may have received the token.
func (c *Client) Create(ctx context.Context, key NewKey, idempotencyKey string) (*IssuedKey, error) {
	return c.issue(ctx, keysPath, key, idempotencyKey)
}

// Rotate issues a new token with the same powers. Repeated as Create is.
func (c *Client) Rotate(ctx context.Context, id string, rotation Rotation, idempotencyKey string) (*IssuedKey, error) {
	path, err := keyPath(id)
	if err != nil {
		return nil, err
	}
	return c.issue(ctx, path+"/rotate", rotation, idempotencyKey)
}

// Revoke revokes a key for good. It returns once the key fails everywhere; it is safe to repeat.
func (c *Client) Revoke(ctx context.Context, id string) error {
	path, err := keyPath(id)
	if err != nil {
		return err
	}
	var answer struct{}
	return c.do(ctx, &call{method: http.MethodDelete, path: path, isOfKeys: true}, &answer)
}

func (c *Client) issue(ctx context.Context, path string, body any, given string) (*IssuedKey, error) {
	made := &call{method: http.MethodPost, path: path, body: body, idempotencyKey: given, isOfKeys: true}
	if given == "" {
		made.idempotencyKey = newUUID()
	}
	var answer struct {
		Data IssuedKey `json:"data"`
	}
	err := c.do(ctx, made, &answer)
	if err == nil {
		return &answer.Data, nil
	}
	var failure *Error
	// Nobody else knows the Idempotency-Key that was drawn, so nobody has the token that was lost.
	if given != "" || made.attempts < 2 || !errors.As(err, &failure) || failure.Code != "conflict" || failure.KeyID == "" {
		return nil, err
	}
	lost, err := keyPath(failure.KeyID)
	if err != nil {
		return nil, err
	}
	return c.issue(ctx, lost+"/rotate", Rotation{}, "")
}
