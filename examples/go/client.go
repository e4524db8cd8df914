package latchkey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// deployment: requests to the paths below the base path of a URL.
type deployment struct {
	base, origin, key string
	client            *http.Client
}

type response struct {
	status int
	header http.Header
	body   []byte
}

var isKey = regexp.MustCompile(`^[\x21-\x7e]+$`)

func newDeployment(address, key string, given *http.Client) (*deployment, error) {
	parsed, err := url.Parse(address)
	// The message never quotes the address, which may hold a password.
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Hostname() == "" ||
		strings.ContainsAny(address, "?#@") {
		return nil, errors.New("latchkey: URL needs http(s), and no user, query or fragment")
	}
	if !isKey.MatchString(key) {
		return nil, errors.New("latchkey: Key is missing, or is none")
	}
	client := &http.Client{}
	if given != nil {
		*client = *given
	}
	// A redirect is not followed: it would carry the key elsewhere.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &deployment{strings.TrimRight(address, "/"), parsed.Scheme + "://" + parsed.Host, key, client}, nil
}

func (d *deployment) send(ctx context.Context, method, path string, header http.Header, body io.Reader) (*response, error) {
	request, err := http.NewRequestWithContext(ctx, method, d.base+path, body)
	if err != nil {
		return nil, err
	}
	request.Header = header
	answer, err := d.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	// Of a failure the status alone says enough.
	if err != nil && answer.StatusCode < 300 {
		return nil, err
	}
	return &response{answer.StatusCode, answer.Header, text}, nil
}

// Error is every failure of a call. Code is that of the problem that Latchkey answered (/docs/errors of a deployment), or
// unreachable (no answer: whether a change took place is unknown), timed_out (the same, in time) or unexpected_answer (none of
// Latchkey, such as a page of a proxy).
type Error struct {
	Code string
	// HTTPStatus of Latchkey's answer; 0 where there was none.
	HTTPStatus int
	Detail     string
	RequestID  string
	Errors     []FieldError
	// RetryAfter of the answer; 0 where it names none.
	RetryAfter time.Duration
	// KeyID, of the conflict of a repeated call that made a key: rotate this key for a token.
	KeyID      string
	ReplacedBy string
	cause      error
}

func (e *Error) Error() string { return "latchkey: " + e.Code + ": " + e.Detail }
func (e *Error) Unwrap() error { return e.cause }

// ClientOptions say how a client reaches a deployment. URL and Key are required.
type ClientOptions struct {
	URL string
	// Key with keys:manage (or keys:verify, to verify), or the JWT of a person.
	Key string
	// Account whose keys it manages, where the key holds platform:manage.
	Account string
	// Timeout of one attempt; 75 seconds by default, since a change is answered once it is in force everywhere.
	Timeout time.Duration
	// Retries of what is safe to repeat: 0 means 2, negative means none.
	Retries int
	Client  *http.Client
}

// Client has the calls of one deployment. Each returns *Error, or the error of its context.
type Client struct {
	deployment *deployment
	options    ClientOptions
}

// NewClient makes no request.
func NewClient(options ClientOptions) (*Client, error) {
	d, err := newDeployment(options.URL, options.Key, options.Client)
	if err != nil {
		return nil, err
	}
	if options.Timeout == 0 {
		options.Timeout = 75 * time.Second
	}
	if options.Retries == 0 {
		options.Retries = 2
	}
	return &Client{d, options}, nil
}

type call struct {
	method, path, idempotencyKey string
	body                         any
	attempts                     int
	isOfKeys                     bool
}

const maxDelay = 30 * time.Second

// do repeats what is safe to repeat. A POST or PATCH may have taken place though its answer was lost: only the caller can decide
// to repeat it.
func (c *Client) do(ctx context.Context, call *call, into any) error {
	left := 0
	if call.method == http.MethodGet || call.method == http.MethodDelete || call.idempotencyKey != "" {
		left = c.options.Retries
	}
	for {
		call.attempts++
		err := c.once(ctx, call, into)
		var failure *Error
		if err == nil || left <= 0 || !errors.As(err, &failure) {
			return err
		}
		delay, ok := retryDelay(call.attempts, failure)
		if !ok {
			return err
		}
		left--
		timer := time.NewTimer(delay)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// retryDelay: false where a retry is pointless or too far away.
func retryDelay(attempt int, failure *Error) (time.Duration, bool) {
	switch failure.HTTPStatus {
	case 0, 408, 429, 502, 503, 504:
	default:
		return 0, false
	}
	// Half of the delay is random, so that clients that failed together do not return together.
	delay := time.Duration(250 * math.Pow(2, float64(attempt-1)) * (0.5 + rand.Float64()/2) * float64(time.Millisecond))
	if failure.RetryAfter > delay {
		delay = failure.RetryAfter
	}
	return delay, delay <= maxDelay
}

func (c *Client) once(ctx context.Context, call *call, into any) error {
	header := http.Header{"Authorization": {"Bearer " + c.deployment.key}, "Accept": {"application/json"}}
	if call.idempotencyKey != "" {
		header.Set("Idempotency-Key", call.idempotencyKey)
	}
	if call.isOfKeys && c.options.Account != "" {
		header.Set("Latchkey-Account", c.options.Account)
	}
	var body io.Reader
	if call.body != nil {
		text, err := json.Marshal(call.body)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
		header.Set("Content-Type", "application/json")
	}
	attempt, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	answer, err := c.deployment.send(attempt, call.method, call.path, header, body)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if attempt.Err() != nil && err != nil {
		return &Error{Code: "timed_out", Detail: fmt.Sprintf("No answer in %v.", c.options.Timeout), cause: err}
	}
	if err != nil {
		return &Error{Code: "unreachable", Detail: c.deployment.origin + " cannot be reached.", cause: err}
	}
	if answer.status >= 200 && answer.status < 300 && json.Unmarshal(answer.body, into) == nil {
		return nil
	}
	return errorOf(answer, c.deployment.origin)
}

func errorOf(answer *response, origin string) *Error {
	failure := &Error{Code: "unexpected_answer", HTTPStatus: answer.status, RequestID: answer.header.Get("X-Request-Id")}
	failure.Detail = fmt.Sprintf("%s answered %d, and not as Latchkey does.", origin, answer.status)
	if seconds, ok := secondsUntil(answer.header.Get("Retry-After")); ok {
		failure.RetryAfter = time.Duration(seconds * float64(time.Second))
	}
	var problem Problem
	if json.Unmarshal(answer.body, &problem) == nil && problem.Code != "" {
		failure.Code, failure.Detail, failure.Errors = problem.Code, problem.Detail, problem.Errors
		failure.KeyID, failure.ReplacedBy = problem.KeyID, problem.ReplacedBy
	}
	return failure
}
