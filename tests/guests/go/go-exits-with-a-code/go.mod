module go-exits-with-a-code

go 1.21
