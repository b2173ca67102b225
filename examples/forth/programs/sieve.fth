\ Primes, by crossing out multiples of primes in an array of bytes.

10000 constant limit
create composite limit allot   \ 0 for what may be prime

: cross-out ( n -- )
  limit over dup * ?do
    1 composite i + c!
  dup +loop drop ;

: sieve ( -- )
  composite limit erase
  limit sqrt 1+ 2 do
    composite i + c@ 0= if i cross-out then
  loop ;

: prime? ( n -- flag )  composite + c@ 0= ;

: count-primes ( from to -- n )
  0 -rot swap do
    i prime? if 1+ then
  loop ;

sieve
: show  50 2 do i prime? if space i 0 .r then loop cr ;
show   \ expect:  2 3 5 7 11 13 17 19 23 29 31 37 41 43 47

2 limit count-primes 0 .r cr   \ expect: 1229

: last-prime ( -- n )  0 limit begin 1- dup prime? until nip ;
last-prime 0 .r cr   \ expect: 9973
