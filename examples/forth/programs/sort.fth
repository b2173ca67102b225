\ Sorting an array of cells: by insertion, and by the quick way with an order that is handed in.

20 constant size
create numbers size cells allot
variable seed

: random ( n -- k )  seed @ 1103515245 * 12345 + 2147483647 and dup seed !  16 rshift swap mod ;
: number ( i -- addr )  cells numbers + ;
: scatter ( -- )  7 seed !  size 0 do 100 random i number ! loop ;
: show ( -- )  size 0 do space i number @ 0 .r loop cr ;
: ordered? ( -- flag )  true size 1 do i 1- number @ i number @ > if drop false then loop ;

: insert ( i -- )   \ moves number i down to its place
  dup number @ >r
  begin
    dup 0> if dup 1- number @ r@ > else false then
  while
    dup 1- number @ over number !
    1-
  repeat
  r> swap number ! ;
: insertion-sort  size 1 do i insert loop ;

scatter ordered? 0 .r cr    \ expect: 0
insertion-sort ordered? 0 .r cr   \ expect: -1

\ The order is a word that two numbers are given to.
variable before
: before? ( a b -- flag )  before @ execute ;
: exchange ( i j -- )
  number swap number  2dup @ swap @ rot ! swap ! ;
variable place               \ where the next small one goes
: split ( low high -- low high middle )
  over place !
  2dup swap do
    i number @ over number @ before? if
      i place @ exchange  1 place +!
    then
  loop
  dup place @ exchange  place @ ;
: quick-sort ( low high -- )
  2dup < 0= if 2drop exit then
  split                      \ low high middle
  rot over 1- recurse        \ high middle
  1+ swap recurse ;

: sort-by ( token -- )  before !  0 size 1- quick-sort ;
scatter ' < sort-by ordered? 0 .r cr    \ expect: -1
scatter ' > sort-by ordered? 0 .r cr    \ expect: 0
: last-digit ( n -- d )  10 mod ;
: by-last-digit ( a b -- flag )  last-digit swap last-digit > ;
scatter ' by-last-digit sort-by
: digits-ordered? ( -- flag )
  true size 1 do i 1- number @ last-digit i number @ last-digit > if drop false then loop ;
digits-ordered? 0 .r cr    \ expect: -1
