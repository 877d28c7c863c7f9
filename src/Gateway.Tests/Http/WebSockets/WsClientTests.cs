using System.Net.WebSockets;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Http.WebSockets;

/// <summary>The <c>ws</c> client of Node.js through every stack: texts, a binary message of a mebibyte in fragments, a ping,
/// and the close code of either side.</summary>
public sealed class WsClientTests
{
    // Debian's package node-ws, whose command is wscat.
    private const string Script = """
        const WebSocket = require('/usr/share/nodejs/ws');
        const socket = new WebSocket(process.argv[1]);
        const big = Buffer.alloc(1 << 20, 'x');
        socket.on('open', () => socket.send('hello'));
        socket.on('message', (data, isBinary) => {
          if (!isBinary) {
            console.log('text ' + data);
            for (let i = 0; i < 16; i++) {
              socket.send(big.subarray(i << 16, (i + 1) << 16), { binary: true, fin: i === 15, compress: false });
            }
          } else {
            console.log('binary ' + data.length + ' ' + data.equals(big));
            socket.ping('beat');
          }
        });
        socket.on('pong', data => { console.log('pong ' + data); socket.close(4001, 'done'); });
        socket.on('close', (code, reason) => console.log('close ' + code + ' ' + reason));
        socket.on('error', error => { console.log('error ' + error.message); process.exit(1); });
        """;

    public static IEnumerable<object[]> Stacks => HttpVariant.All.Select(stack => new object[] { stack });

    [NeedsTheory("node", "wscat")]
    [MemberData(nameof(Stacks))]
    public async Task Ws_TextBinaryPingClose_PassBothWays(HttpVariant stack)
    {
        await using var destination = await HttpDestination.StartAsync("a", EchoAsync);
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        await using var node = DebianProcess.Start(
            "node", "-e", Script, new UriBuilder(gateway.Client.BaseAddress!) { Scheme = "ws" }.Uri.ToString());

        Assert.Equal(0, await node.WaitForExitAsync());

        Assert.Equal(
            ["text hello", $"binary {1 << 20} true", "pong beat", "close 4001 bye"],
            node.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[2 << 20];
        var length = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(socket.CloseStatus!.Value, "bye", context.RequestAborted);
                return;
            }

            length += received.Count;
            if (received.EndOfMessage)
            {
                await socket.SendAsync(buffer.AsMemory(0, length), received.MessageType, endOfMessage: true, context.RequestAborted);
                length = 0;
            }
        }
    }
}
