<?php

namespace App\Http\Controllers;

use Illuminate\Http\Request;
use Illuminate\Support\Facades\Http;
use Illuminate\Validation\ValidationException;

class PhoneController extends Controller
{
    public function start(Request $request)
    {
        ['phone' => $phone] = $request->validate(['phone' => 'required|string|max:40']);
        $sent = $this->ask('generate-otp', ['phone' => $phone, 'locale' => app()->getLocale()], 'phone');
        $request->session()->put('pending', ['phone' => $phone, 'id' => $sent['verification_id']]);

        return redirect('/code')->with('message', $sent['message']);
    }

    public function check(Request $request)
    {
        ['code' => $code] = $request->validate(['code' => 'required|string|max:40']);
        $pending = $request->session()->get('pending') ?? abort(redirect('/phone'));
        $this->ask('verify-otp', ['verification_id' => $pending['id'], 'otp' => $code], 'code');
        // The number comes from the session. With the code, a browser could send another one.
        $request->session()->forget('pending');
        $request->session()->regenerate();
        $request->session()->put('phone', $pending['phone']);

        return redirect('/account');
    }

    /** A refusal comes back as the error of the form's field. */
    private function ask(string $path, array $body, string $field): array
    {
        $answer = Http::baseUrl(config('services.sixpost.url'))
            ->withToken(config('services.sixpost.key'))
            ->timeout(5)
            ->post($path, $body);
        if ($answer->clientError() && $answer->status() !== 401) {
            throw ValidationException::withMessages([$field => $answer->json('detail')]);
        }

        return $answer->throw()->json();
    }
}
