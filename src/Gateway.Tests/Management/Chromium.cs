using Gateway.Tests.Support;
using Microsoft.Playwright;

namespace Gateway.Tests.Management;

/// <summary>Debian's Chromium, started by the first test that needs it and shared by the others, each with a profile of its
/// own.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task<IBrowser> StartAsync()
    {
        _playwright ??= await Playwright.CreateAsync();
        return _browser ??= await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = DebianProcess.Find("chromium"),
            Args = ["--no-sandbox", "--disable-gpu"],
            Timeout = 120_000,
        });
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}
