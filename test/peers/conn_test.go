package peers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
)

// conn makes calls one after another over a connection, and dials anew where the server closes it, as moto's does after
// each answer. It is thinner than net/http's client, which hands every request and every answer from goroutine to
// goroutine: on two cores that would be taken from the server, and the fastest would look slower than it is.
type conn struct {
	addr   string
	open   net.Conn // nil: to be dialled
	in     *bufio.Reader
	out    []byte
	answer bytes.Buffer
}

// honoured counts records: it begins with a letter that is rare in an answer, as quotes are not, so that counting is quick.
var honoured = []byte(`Success"`)

// send makes one call and wants all its records honoured.
func (c *conn) send(r *request, stamp int64) error {
	if c.open == nil {
		dialled, err := net.Dial("tcp", c.addr)
		if err != nil {
			return err
		}
		c.open, c.in = dialled, bufio.NewReaderSize(dialled, 16<<10)
	}
	c.out = r.stamped(c.out[:0], stamp)
	if _, err := c.open.Write(c.out); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	c.answer.Reset()
	if _, err := c.answer.ReadFrom(res.Body); err != nil {
		return err
	}
	if res.Close {
		c.close()
	}
	if n := bytes.Count(c.answer.Bytes(), honoured); n != records || res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s, %d records honoured: %.300s", res.Status, n, c.answer.Bytes())
	}
	return nil
}

func (c *conn) close() {
	if c.open != nil {
		_ = c.open.Close() // nothing is under way
		c.open = nil
	}
}

// TestConn sends calls to a server that keeps its connections, and to one that closes them.
func TestConn(t *testing.T) {
	for _, closing := range []bool{false, true} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var bodies []string
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			bodies = append(bodies, string(body))
			_, _ = w.Write(bytes.Repeat(honoured, records))
		})}
		srv.SetKeepAlivesEnabled(!closing)
		go func() { _ = srv.Serve(ln) }()
		defer srv.Close()
		c := &conn{addr: ln.Addr().String()}
		defer c.close()
		r := post(c.addr, []byte(`[{"Timestamp":1000000000},{"Timestamp":1000000000,"Dimension":"pages"}]`))
		for _, stamp := range []int64{1_234_567_890, 1_999_999_999} {
			if err := c.send(r, stamp); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf(`[{"Timestamp":%d},{"Timestamp":%[1]d,"Dimension":"pages"}]`, stamp)
			if got := bodies[len(bodies)-1]; got != want {
				t.Errorf("the server closing=%t got %s, want %s", closing, got, want)
			}
		}
	}
}
