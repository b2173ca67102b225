\ Loops in loops, loops that step, loops that are left.

: stars ( n -- )  0 ?do '*' emit loop ;
: triangle ( n -- )  1+ 1 ?do i stars cr loop ;
3 triangle
\ expect: *
\ expect: **
\ expect: ***

: times-table ( n -- )
  1+ dup 1 do
    dup 1 do i j * 4 .r loop cr
  loop drop ;
4 times-table
\ expect:    1   2   3   4
\ expect:    2   4   6   8
\ expect:    3   6   9  12
\ expect:    4   8  12  16

\ Down, by steps; the index that reaches the limit is one of the loop's.
: down ( step limit from -- )  do space i 0 .r dup +loop drop cr ;
-1 0 5 down                 \ expect:  5 4 3 2 1 0
-3 0 10 down                \ expect:  10 7 4 1
4 20 0 down                 \ expect:  0 4 8 12 16

\ The first multiple of 7 above 50, by way of leave; and by way of exit.
: first ( -- n )  0 100 50 do i 7 mod 0= if drop i leave then loop ;
: first-again ( -- n )  100 50 do i 7 mod 0= if i unloop exit then loop 0 ;
first 0 .r space first-again 0 .r cr   \ expect: 56 56

\ Pythagorean triples; what >r holds is seen inside the loops.
: triples ( n -- )
  >r
  r@ 1 do
    r@ i do
      i i * j j * + dup sqrt dup dup * rot = swap r@ < and if
        j 0 .r space i 0 .r cr
      then
    loop
  loop
  r> drop ;
20 triples
\ expect: 3 4
\ expect: 5 12
\ expect: 6 8
\ expect: 8 15
\ expect: 9 12

\ An empty range.
: none  5 5 ?do ." never" loop ." none" cr ;
none   \ expect: none

\ A loop with two ways out.
: search ( n -- )
  begin
    dup 100 < while
    dup 17 mod while
    1+
  repeat ." found " 0 .r cr
  else ." none" drop cr then ;
50 search    \ expect: found 51
86 search    \ expect: none

\ Cases.
: name ( n -- )
  case
    1 of ." one" endof
    2 of ." two" endof
    3 of ." three" endof
    ." many"
  endcase space ;
: names  5 1 do i name loop ." are all" cr ;
names   \ expect: one two three many are all

\ Outside of definitions as well.
3 0 do i 0 .r loop cr   \ expect: 012
