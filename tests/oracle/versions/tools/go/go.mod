module bonafide.example/oracle/versions

go 1.25

require (
	github.com/distribution/reference v0.6.0
	golang.org/x/mod v0.30.0
)

require github.com/opencontainers/go-digest v1.0.0 // indirect
