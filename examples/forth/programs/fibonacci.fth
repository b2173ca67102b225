\ Fibonacci numbers three times: by recursion, by a loop, and with the numbers kept in memory.

: slow ( n -- fib )
  dup 2 < if exit then
  dup 1- recurse swap 2 - recurse + ;

: quick ( n -- fib )
  0 1 rot 0 ?do over + swap loop drop ;

91 constant most
create known most cells allot

: nth ( n -- addr )  cells known + ;
: remember ( -- )
  0 0 nth !  1 1 nth !
  most 2 do
    i 1- nth @  i 2 - nth @  +  i nth !
  loop ;
remember

: row ( n -- )  dup 3 .r  dup slow 8 .r  dup quick 8 .r  nth @ 8 .r cr ;
: table  24 0 do i row 4 +loop ;
table
\ expect:   0       0       0       0
\ expect:   4       3       3       3
\ expect:   8      21      21      21
\ expect:  12     144     144     144
\ expect:  16     987     987     987
\ expect:  20    6765    6765    6765

90 quick 0 .r cr       \ expect: 2880067194370816120
90 nth @ 0 .r cr       \ expect: 2880067194370816120
