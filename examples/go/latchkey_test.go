package latchkey

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// What test/conformance does not reach: the client, identities that cannot be forged, the address. `go test`

const valid = `{"data":{"valid":true,"code":"valid","key":{"id":"k1","name":"CI"},"account":{"id":"a1","name":"Acme Inc"},
"scopes":[],"resources":[],"rate_limit":[{"name":"day","limit":1000000,"window_seconds":86400,"remaining":999999,"reset_seconds":1}]}}`

type asked struct {
	method, path, body string
	header             http.Header
}

// fake answers each of answers once ("": the answer is lost on the way), then `valid`.
func fake(t *testing.T, answers ...func(http.ResponseWriter)) (string, *[]asked) {
	var all []asked
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		all = append(all, asked{r.Method, r.URL.RequestURI(), string(body), r.Header})
		if len(all) <= len(answers) {
			answers[len(all)-1](w)
			return
		}
		_, _ = io.WriteString(w, valid)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/base/", &all
}

func answer(status int, body string, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for at := 0; at < len(headers); at += 2 {
			w.Header().Set(headers[at], headers[at+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// lost breaks the connection. It is no panic of a handler of ours, but how net/http does it.
func lost(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func protect(t *testing.T, options Options, r *http.Request) (*httptest.ResponseRecorder, *APIKey) {
	t.Helper()
	if options.OnError == nil {
		options.OnError = func(error, *http.Request) {}
	}
	options.Key = "whm_server"
	needsKey, err := Middleware(options)
	if err != nil {
		t.Fatal(err)
	}
	var found *APIKey
	w := httptest.NewRecorder()
	needsKey(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { found, _ = FromContext(r.Context()) })).ServeHTTP(w, r)
	return w, found
}

func request(headers ...string) *http.Request {
	r := httptest.NewRequest("GET", "/?api_key=whm_client&access_token=whm_client", nil)
	for at := 0; at < len(headers); at += 2 {
		r.Header.Set(headers[at], headers[at+1])
	}
	return r
}

func TestATokenInTheQueryIsNone(t *testing.T) {
	address, all := fake(t)
	w, _ := protect(t, Options{URL: address}, request())
	if w.Code != 401 || len(*all) != 0 {
		t.Fatal(w.Code, *all)
	}
}

func TestOptionalAdmitsNoKeyAndNoInvalidOne(t *testing.T) {
	address, _ := fake(t, answer(200, `{"data":{"valid":false,"code":"invalid_api_key","key":null}}`))
	r := request()
	outer := r.WithContext(context.WithValue(r.Context(), contextKey{}, &APIKey{}))
	if w, found := protect(t, Options{URL: address, Optional: true}, outer); w.Code != 200 || found != nil {
		t.Fatal(w.Code, found)
	}
	if w, _ := protect(t, Options{URL: address, Optional: true}, request("X-Api-Key", "x")); w.Code != 401 {
		t.Fatal(w.Code)
	}
	if w, found := protect(t, Options{URL: address}, request("X-Api-Key", "x")); w.Code != 200 || found.ID != "k1" ||
		w.Header().Get("Ratelimit-Policy") != `"day";q=1000000;w=86400` {
		t.Fatal(w.Code, found, w.Header())
	}
}

func TestTheAddressIsThatOfTheConnection(t *testing.T) {
	address, all := fake(t)
	headers := []string{"X-Api-Key", "t", "X-Forwarded-For", "192.0.2.9", "Cf-Connecting-Ip", "192.0.2.9"}
	for _, remote := range []string{"[fe80::1%eth0]:1", "@"} {
		r := request(headers...)
		r.RemoteAddr = remote
		protect(t, Options{URL: address}, r)
	}
	trusted := func(r *http.Request) string { return r.Header.Get("X-Forwarded-For") }
	protect(t, Options{URL: address, ClientAddress: trusted}, request(headers...))
	for at, expected := range []string{"fe80::1", "", "192.0.2.9"} {
		var sent VerifyRequest
		if err := json.Unmarshal([]byte((*all)[at].body), &sent); err != nil || sent.IP != expected {
			t.Fatal(sent, err)
		}
	}
}

func TestAMistakeInAnOptionIs500AndTold(t *testing.T) {
	address, _ := fake(t)
	var told error
	w, _ := protect(t, Options{
		URL:      address,
		ScopesOf: func(*http.Request) []string { panic("mine") },
		OnError:  func(err error, _ *http.Request) { told = err; panic("a log that fails") },
	}, request("X-Api-Key", "t"))
	if w.Code != 500 || told == nil || !strings.Contains(told.Error(), "mine") || w.Header().Get("Www-Authenticate") != "" {
		t.Fatal(w.Code, told)
	}
}

func TestAnAnswerThatDripsEndsWithTheTimeout(t *testing.T) {
	address, _ := fake(t, func(w http.ResponseWriter) {
		for range [40]int{} {
			_, _ = io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(50 * time.Millisecond)
		}
		_, _ = io.WriteString(w, valid)
	})
	w, _ := protect(t, Options{URL: address, Timeout: 300 * time.Millisecond}, request("X-Api-Key", "t"))
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" {
		t.Fatal(w.Code, w.Header())
	}
}

func TestInvalidOptionsFailAsTheServerStarts(t *testing.T) {
	for _, address := range []string{"", "ftp://a", "http://u:p@a", "http://a?b", "http://a#b", "http://", "http://a b"} {
		if _, err := NewClient(ClientOptions{URL: address, Key: "k"}); err == nil || strings.Contains(err.Error(), "u:p") {
			t.Fatal(address, err)
		}
	}
	for _, key := range []string{"", "a\r\nb"} {
		if _, err := Middleware(Options{URL: "http://a", Key: key}); err == nil {
			t.Fatal(key)
		}
	}
}

func clientOf(t *testing.T, address string) *Client {
	t.Helper()
	client, err := NewClient(ClientOptions{URL: address, Key: "whm_manager", Account: "a1"})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestASafeCallIsRepeatedAfterRetryAfter(t *testing.T) {
	address, all := fake(t, answer(503, `{"code":"authority_unavailable"}`, "Retry-After", "1"), answer(200, `{"data":{"id":"k1"}}`))
	began := time.Now()
	key, err := clientOf(t, address).Get(context.Background(), "k1")
	if err != nil || key.ID != "k1" || len(*all) != 2 || time.Since(began) < time.Second {
		t.Fatal(key, err, *all)
	}
}

func TestWhatIsNotSafeOrTooFarAwayIsNotRepeated(t *testing.T) {
	ctx := context.Background()
	get := func(c *Client) error { _, err := c.Get(ctx, "k1"); return err }
	verify := func(c *Client) error { _, err := c.Verify(ctx, VerifyRequest{Token: "t"}); return err }
	for _, each := range []struct {
		answer func(http.ResponseWriter)
		call   func(*Client) error
		code   string
		status int
	}{
		{answer(503, `{"code":"authority_unavailable"}`), verify, "authority_unavailable", 503},
		{lost, verify, "unreachable", 0},
		{answer(200, `{"data":null}`), verify, "unexpected_answer", 200},
		{answer(429, `{"code":"rate_limited"}`, "Retry-After", "3600"), get, "rate_limited", 429},
		{answer(404, `{"code":"not_found","detail":"No."}`), get, "not_found", 404},
		{answer(302, ``, "Location", "http://127.0.0.1:1/"), get, "unexpected_answer", 302},
	} {
		address, all := fake(t, each.answer)
		var failure *Error
		err := each.call(clientOf(t, address))
		if !errors.As(err, &failure) || failure.Code != each.code || failure.HTTPStatus != each.status || len(*all) != 1 {
			t.Fatal(each.code, err, *all)
		}
	}
}

func TestAKeyWhoseTokenWasLostIsRotated(t *testing.T) {
	conflict := answer(409, `{"code":"conflict","detail":"Made.","key_id":"k1"}`)
	address, all := fake(t, lost, conflict, answer(200, `{"data":{"id":"k2","key":"new"}}`))
	issued, err := clientOf(t, address).Create(context.Background(), NewKey{Name: "CI"}, "")
	if err != nil || issued.Token != "new" || issued.ID != "k2" {
		t.Fatal(issued, err)
	}
	key := func(at int) string { return (*all)[at].header.Get("Idempotency-Key") }
	if key(0) == "" || key(0) != key(1) || key(1) == key(2) || (*all)[2].path != "/base/api/api-keys/k1/rotate" {
		t.Fatal(*all)
	}
	if (*all)[0].body != `{"name":"CI"}` || (*all)[2].header.Get("Latchkey-Account") != "a1" {
		t.Fatal(*all)
	}
	address, _ = fake(t, lost, conflict)
	var failure *Error
	_, err = clientOf(t, address).Create(context.Background(), NewKey{Name: "CI"}, "mine")
	if !errors.As(err, &failure) || failure.KeyID != "k1" {
		t.Fatal(err)
	}
}

func TestAListHasPagesAndAnIDIsNoPath(t *testing.T) {
	address, all := fake(t, answer(200, `{"data":[{"id":"1","credits":null}],"next_cursor":"c"}`))
	client := clientOf(t, address)
	page, err := client.List(context.Background(), url.Values{"status": {"active"}})
	if err != nil || *page.NextCursor != "c" || string(page.Data[0].Raw) != `{"id":"1","credits":null}` {
		t.Fatal(page, err)
	}
	if (*all)[0].path != "/base/api/api-keys?status=active" {
		t.Fatal(*all)
	}
	if err := client.Revoke(context.Background(), "../accounts"); err == nil || len(*all) != 1 {
		t.Fatal(err)
	}
}

func TestACallEndsWithItsTimeoutOrItsContext(t *testing.T) {
	slow := func(http.ResponseWriter) { time.Sleep(600 * time.Millisecond) }
	address, _ := fake(t, slow, slow)
	client, _ := NewClient(ClientOptions{URL: address, Key: "k", Timeout: 100 * time.Millisecond, Retries: -1})
	var failure *Error
	if _, err := client.Get(context.Background(), "k1"); !errors.As(err, &failure) || failure.Code != "timed_out" {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.Get(ctx, "k1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}
