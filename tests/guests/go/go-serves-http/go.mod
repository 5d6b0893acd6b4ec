module go-serves-http

go 1.21
