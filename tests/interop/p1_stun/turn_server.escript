#!/usr/bin/escript
%% turn_server - the TURN server of ejabberd (p1_stun) over UDP, TCP and TLS. User alice, password
%% secret. Arguments: its IP, a certificate with its key. Says "ready" and runs until it is killed.
-mode(compile).

main([Text, Certificate]) ->
    {ok, IP} = inet:parse_address(Text),
    logger:set_primary_config(level, none),
    {ok, _} = application:ensure_all_started(fast_tls),
    {ok, _} = application:ensure_all_started(stun),
    Options = [{use_turn, true}, {turn_ipv4_address, IP}, {turn_blacklist, []},
               {turn_max_allocations, infinity}, {turn_max_permissions, infinity},
               {shaper, none}, {server_name, <<"floe.test">>}, {auth_type, user},
               {auth_realm, <<"floe.test">>}, {auth_fun, fun password/2}],
    ok = stun_listener:add_listener(IP, 3478, udp, Options),
    ok = stun_listener:add_listener(IP, 3478, tcp, Options),
    Secure = [{tls, true}, {certfile, list_to_binary(Certificate)} | Options],
    ok = stun_listener:add_listener(IP, 5349, tcp, Secure),
    io:put_chars("ready\n"),
    receive never -> ok end.

password(<<"alice">>, _Realm) -> <<"secret">>;
password(_User, _Realm) -> <<>>.
