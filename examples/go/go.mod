module github.com/YOUR-ORG/latchkey/examples/go

go 1.19
